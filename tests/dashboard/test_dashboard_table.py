"""A table touches only the cells that changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from settling import Overheard, Visitor
from textual.app import App, ComposeResult
from textual.coordinate import Coordinate

from org.dashboard import palette
from org.dashboard.palette import Palette
from org.dashboard.widgets.ledger_table import REFILL, Column, LedgerTable


@dataclass(frozen=True)
class Row:
    key: str
    value: str


class Pairs(LedgerTable[Row]):
    def __init__(self) -> None:
        super().__init__()
        self.touched: list[str] = []

    def key_of(self, row: Row) -> str:
        return row.key

    def fitting(self, width: int) -> list[Column[Row]]:
        more = [Column("Again", 9, value)] if width > 60 else []
        return [Column("Key", 5, key), *more, Column("Value", 0, value)]

    def update_cell(self, row_key: object, column_key: object, value: Text, **rest: object) -> None:  # type: ignore[override]
        self.touched.append(f"{row_key}.{column_key}")
        super().update_cell(row_key, column_key, value)  # type: ignore[arg-type]

    def clear(self, columns: bool = False) -> "Pairs":
        self.touched.append("clear")
        return super().clear(columns)


drawn: list[str] = []


class Heard(Text):
    """Remembers that it was drawn."""

    def __rich_console__(self, *given: Any) -> Any:
        drawn.append(self.plain)
        return super().__rich_console__(*given)


def key(row: Row, colours: Palette, width: int) -> Text:
    return Heard(row.key)


def value(row: Row, colours: Palette, width: int) -> Text:
    return Heard(f"{row.value}/{width}", style=colours.plain)


class OneTable(Overheard, App[None]):
    def compose(self) -> ComposeResult:
        yield Pairs()


@asynccontextmanager
async def table_of(*pairs: str) -> AsyncIterator[tuple[Pairs, Visitor]]:
    """A table that shows these rows in a terminal of 50 cells, and has settled."""
    app = OneTable()
    async with app.run_test(size=(50, 20)) as pilot:
        table, visitor = app.query_one(Pairs), Visitor(pilot)
        table.show(rows(*pairs))
        await visitor.settled()
        yield table, visitor


def rows(*pairs: str) -> list[Row]:
    return [Row(*pair.split("=")) for pair in pairs]


def shown(table: Pairs) -> list[str]:
    return [str(table.get_row_at(n)[0]) for n in range(table.row_count)]


async def test_only_a_changed_cell_is_updated() -> None:
    async with table_of("a=1", "b=2", "c=3") as (table, _):
        table.touched.clear()
        table.show(rows("a=1", "b=9", "c=3"))
        assert table.touched == ["b.1"]
        table.show(rows("a=1", "b=9", "c=3"))
        assert table.touched == ["b.1"]


async def test_a_cell_that_keeps_its_text_is_not_drawn_again() -> None:
    async with table_of("a=1", "b=2", "c=3") as (table, visitor):
        drawn.clear()
        table.show(rows("a=1", "b=9", "c=3"))
        await visitor.settled()
        assert "".join(drawn) == "9/40"
        table.move_cursor(row=2)
        await visitor.settled()
        assert "c" in drawn, "under the cursor it has another colour"
        assert table.selected == Row("c", "3")


async def test_rows_come_and_go_in_the_order_given_and_the_cursor_stays_on_its_row() -> None:
    async with table_of("c=3", "b=2", "a=1") as (table, _):
        table.move_cursor(row=1)
        table.touched.clear()
        table.show(rows("d=4", "c=3", "b=2"))
        assert shown(table) == ["d", "c", "b"]
        assert table.selected == Row("b", "2")
        table.show(rows("b=2", "d=4", "c=3"))
        assert shown(table) == ["b", "d", "c"]
        assert "clear" not in table.touched


async def test_many_new_rows_at_once_are_filled_in() -> None:
    async with table_of("a=1") as (table, _):
        table.show(rows(*(f"k{n}={n}" for n in range(REFILL + 5)), "a=1"))
        assert table.row_count == REFILL + 6
        assert table.selected == Row("a", "1")


async def test_columns_fit_the_width_and_cells_are_made_again_for_it() -> None:
    async with table_of("a=1", "b=2") as (table, visitor):
        assert len(table.ordered_columns) == 2
        await visitor.resize(90, 20)
        assert [column.width for column in table.ordered_columns] == [5, 9, 90 - 1 - 5 - 9 - 6]
        assert str(table.get_cell_at(Coordinate(0, 1))) == "1/9"


async def test_a_new_theme_colours_every_cell_again() -> None:
    async with table_of("a=1") as (table, visitor):
        table.app.register_theme(palette.LIGHT)
        table.app.theme = palette.LIGHT.name
        await visitor.settled()
        table.show(rows("a=1"))
        assert table.get_cell_at(Coordinate(0, 1)).style == palette.of_app(table.app).plain == "#1D2733"
