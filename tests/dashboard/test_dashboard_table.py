"""A table draws only lines that can be seen, and again only those that changed; keys and the mouse move its cursor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import screen
from rich.style import Style
from rich.text import Text
from settling import Overheard, Visitor
from textual import on
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown

from org.dashboard import palette
from org.dashboard.palette import Palette
from org.dashboard.widgets import strips
from org.dashboard.widgets.ledger_table import Column, LedgerTable


@dataclass(frozen=True)
class Row:
    key: str
    value: str


class Pairs(LedgerTable[Row]):
    """drawn: the keys of the rows whose cells were made."""

    def __init__(self) -> None:
        super().__init__(id="pairs")
        self.drawn: list[str] = []

    def key_of(self, row: Row) -> str:
        return row.key

    def fitting(self, width: int) -> list[Column[Row]]:
        more = [Column("Again", 9, _value)] if width > 60 else []
        return [Column("Key", 5, self._key), *more, Column("Value", 0, _value)]

    def _key(self, row: Row, colours: Palette, width: int) -> Text:
        self.drawn.append(row.key)
        return colours.text(row.key)


def _value(row: Row, colours: Palette, width: int) -> Text:
    return colours.text(f"{row.value}/{width}")


class OneTable(Overheard, App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def compose(self) -> ComposeResult:
        yield Pairs()

    @on(LedgerTable.Chosen, "#pairs")
    def _chosen(self, event: LedgerTable.Chosen) -> None:
        self.heard.append(f"chosen {event.table.selected.key}")

    @on(LedgerTable.Headed, "#pairs")
    def _headed(self, event: LedgerTable.Headed) -> None:
        self.heard.append(f"head {event.title}")


@asynccontextmanager
async def table_of(*pairs: str, height: int = 12) -> AsyncIterator[tuple[Pairs, Visitor]]:
    app = OneTable()
    async with app.run_test(size=(50, height)) as pilot:
        visitor, table = Visitor(pilot), app.query_one(Pairs)
        await visitor.settled()
        table.show(rows(*pairs))
        table.focus()
        await visitor.settled()
        yield table, visitor


def rows(*pairs: str) -> list[Row]:
    return [Row(*pair.split("=")) for pair in pairs]


def many(count: int) -> list[str]:
    return [f"k{n}={n}" for n in range(count)]


def shown(table: Pairs) -> list[str]:
    return [line.split()[0] for line in screen.lines(table.app)[1:]]


async def test_a_row_is_drawn_when_it_can_be_seen_and_again_when_it_changes() -> None:
    async with table_of(*many(500)) as (table, visitor):
        assert set(table.drawn) == {f"k{n}" for n in range(11)}
        table.drawn.clear()
        table.show([*rows("k0=0", "k1=new"), *rows(*many(500))[2:400], Row("k400", "unseen"), *rows(*many(500))[401:]])
        await visitor.settled()
        assert table.drawn == ["k1"] and "new/" in screen.text(table.app)
        await visitor.press("end")
        assert set(table.drawn) == {"k1", *(f"k{n}" for n in range(489, 500))}


async def test_rows_come_and_go_in_the_order_given_and_the_cursor_stays_on_its_row() -> None:
    async with table_of("c=3", "b=2", "a=1") as (table, visitor):
        await visitor.press("down")
        table.show(rows("d=4", "c=3", "b=2"))
        await visitor.settled()
        assert shown(table) == ["d", "c", "b"] and table.selected == Row("b", "2")
        table.show(rows("b=2", "d=4", "c=3"))
        await visitor.settled()
        assert shown(table) == ["b", "d", "c"] and table.selected == Row("b", "2")
        table.show(rows("d=4"))
        assert table.selected == Row("d", "4")
        table.show([])
        assert table.selected is None


async def test_keys_move_the_cursor_and_the_rows_with_it() -> None:
    async with table_of(*many(40)) as (table, visitor):
        for key, row in (
            ("down", 1),
            ("pagedown", 12),
            ("end", 39),
            ("down", 39),
            ("pageup", 28),
            ("up", 27),
            ("home", 0),
            ("up", 0),
        ):
            await visitor.press(key)
            assert table.selected == Row(f"k{row}", str(row)), key
            assert f"k{row}" in shown(table), key
        await visitor.press("enter")
        assert visitor.app.heard == ["chosen k0"]


async def test_a_click_selects_a_double_click_opens_and_a_title_says_its_name() -> None:
    async with table_of(*many(40)) as (table, visitor):
        await visitor.pilot.click(table, offset=(3, 5))
        await visitor.settled()
        assert table.selected == Row("k4", "4") and visitor.app.heard == []
        await visitor.pilot.click(table, offset=(3, 7), times=2)
        await visitor.settled()
        assert table.selected == Row("k6", "6") and visitor.app.heard == ["chosen k6"]
        await visitor.pilot.click(table, offset=(10, 0), times=2)
        await visitor.settled()
        assert visitor.app.heard[1:] == ["head Value", "head Value"] and table.selected == Row("k6", "6")


async def test_the_wheel_scrolls_and_the_cursor_stays() -> None:
    async with table_of(*many(40)) as (table, visitor):
        await visitor.pilot._post_mouse_events([MouseScrollDown] * 3, table, button=0)
        await visitor.settled()
        assert shown(table)[0] != "k0" and table.selected == Row("k0", "0")
        top = shown(table)[0]
        await visitor.pilot.click(table, offset=(3, 1))
        await visitor.settled()
        assert table.selected is not None and table.selected.key == top


async def test_a_click_below_the_rows_does_nothing() -> None:
    async with table_of("a=1", "b=2") as (table, visitor):
        await visitor.pilot.click(table, offset=(3, 9), times=2)
        await visitor.pilot.hover(table, offset=(3, 9))
        await visitor.settled()
        assert table.selected == Row("a", "1") and visitor.app.heard == []


async def test_columns_fit_the_width_and_cells_are_made_again_for_it() -> None:
    async with table_of("a=1", "b=2") as (table, visitor):
        assert screen.lines(table.app)[0].split() == ["Key", "Value"]
        await visitor.resize(90, 20)
        assert screen.lines(table.app)[0].split() == ["Key", "Again", "Value"]
        assert screen.lines(table.app)[1].split() == ["a", "1/9", f"1/{90 - 1 - 5 - 9 - 6}"]
        await visitor.resize(10, 3)
        await visitor.resize(90, 20)
        assert shown(table) == ["a", "b"]


async def test_a_new_theme_colours_every_cell_again() -> None:
    async with table_of("a=1") as (table, visitor):
        table.app.register_theme(palette.LIGHT)
        table.app.theme = palette.LIGHT.name
        table.show(rows("a=1"))
        await visitor.settled()
        colours = {segment.style.color.name for segment in table.render_line(1) if segment.text.strip()}
        assert colours == {palette.of_app(table.app).plain.lower()} == {"#1d2733"}


def test_a_text_fills_its_cells_exactly_whatever_is_in_it() -> None:
    styles = strips.Styles(Style())
    for words in ("", "short", "much too long for it", "目目目目目目目", "a\nb\tc", "\x1b[31mred\x1b[0m", "\x9b31mred"):
        for width in (1, 2, 8, 9):
            line = strips.strip(Text("ab", "bold").append(words, "red"), width, styles)
            assert sum(segment.cell_length for segment in line) == width
            assert all(character.isprintable() for character in line.text), "nothing moves the terminal's cursor"
    assert strips.strip(Text("much too long"), 6, styles).text == "much …"
