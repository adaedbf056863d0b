"""A table over rows of the ledger: columns fit its width, and only cells that changed are touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.text import Text
from textual import events
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from org.dashboard import palette
from org.dashboard.palette import Palette

R = TypeVar("R")
DRAWN = 20_000  # cells kept as drawn
REFILL = 40  # more rows than this come or go at once: filling again is cheaper


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """width: cells of text; 0 for what is left. cell: (row, colours, width) → text."""

    title: str
    width: int
    cell: Callable[[R, Palette, int], Text]


class LedgerTable(DataTable[Text], Generic[R]):
    """Rows by key, in the order given to `show`. Subclasses say columns and key."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self._columns: list[Column[R]] = []
        self._rows: dict[str, R] = {}
        self._on_screen: dict[str, R] = {}
        self._colours: Palette | None = None
        self._drawn: dict[Any, tuple[Text, Any]] = {}  # holds the texts, so that no other one gets their id

    def fitting(self, width: int) -> list[Column[R]]:
        """The columns for a table of this many cells."""
        raise NotImplementedError

    def key_of(self, row: R) -> str:
        raise NotImplementedError

    @property
    def selected(self) -> R | None:
        """The row under the cursor."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        key = self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value
        return self._on_screen.get(key or "")

    @property
    def at_end(self) -> tuple[bool, bool]:
        """Whether the cursor is on the first row, and on the last."""
        return self.cursor_row <= 0, self.cursor_row >= self.row_count - 1

    def show(self, rows: Sequence[R]) -> None:
        """Make the table show exactly these rows."""
        self._rows = {self.key_of(row): row for row in rows}
        self._render_rows()

    def on_resize(self, event: events.Resize) -> None:
        self._render_rows()

    def _render_rows(self) -> None:
        width = self.size.width - 1  # the scrollbar's place, also while there is none
        if width < 20:
            return
        columns = _fill(self.fitting(width), width, self.cell_padding)
        colours = palette.of_app(self.app)
        shape = [(c.title, c.width) for c in columns]
        if shape != [(c.title, c.width) for c in self._columns] or colours != self._colours:
            self._columns, self._colours = columns, colours
            self._refill(colours)
        else:
            self._columns = columns
            self._update(colours)

    def _cells(self, row: R, colours: Palette) -> list[Text]:
        return [column.cell(row, colours, column.width) for column in self._columns]

    def _refill(self, colours: Palette) -> None:
        selected = self._selected_key()
        self.clear(columns=True)
        for index, column in enumerate(self._columns):
            self.add_column(Text(column.title), width=column.width, key=str(index))
        for key, row in self._rows.items():
            self.add_row(*self._cells(row, colours), key=key)
        self._on_screen = dict(self._rows)
        self._select(selected)

    def _update(self, colours: Palette) -> None:
        gone = [key for key in self._on_screen if key not in self._rows]
        new = [key for key in self._rows if key not in self._on_screen]
        if len(gone) + len(new) > REFILL:
            self._refill(colours)
            return
        selected = self._selected_key()
        for key in gone:
            self.remove_row(key)
        for key in new:
            self.add_row(*self._cells(self._rows[key], colours), key=key)
        self._update_cells(colours)
        if new or list(self._rows) != [key for key in self._on_screen if key in self._rows]:
            self._reorder()
        self._on_screen = dict(self._rows)
        if gone or new:
            self._select(selected)

    def _render_cell(self, row_index: int, column_index: int, *style: Any, **cursor: Any) -> Any:
        """A cell as it was drawn before, while it holds the same text. DataTable (textual 8.2) draws all cells anew after
        the update of any, and in a table of running runs there is one every time."""
        if row_index < 0 or column_index < 0:
            return super()._render_cell(row_index, column_index, *style, **cursor)
        cell = self.get_cell_at(Coordinate(row_index, column_index))
        place = (id(cell), row_index, column_index, *style, *cursor.items(), self.show_cursor, self._pseudo_class_state)
        drawn = self._drawn.get(place)
        if drawn is None:
            if len(self._drawn) > DRAWN:
                self._drawn.clear()
            drawn = self._drawn[place] = (cell, super()._render_cell(row_index, column_index, *style, **cursor))
        return drawn[1]

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def _update_cells(self, colours: Palette) -> None:
        for key, row in self._rows.items():
            if key not in self._on_screen or self._on_screen[key] is row or self._on_screen[key] == row:
                continue
            before = self.get_row(key)
            for index, cell in enumerate(self._cells(row, colours)):
                if cell != before[index]:
                    self.update_cell(key, str(index), cell)

    def _reorder(self) -> None:
        """DataTable sorts by cells only, so each row's place is looked up by the identity of its first cell."""
        places = {id(self.get_cell(key, "0")): place for place, key in enumerate(self._rows)}
        self.sort("0", key=lambda cell: places[id(cell)])

    def _selected_key(self) -> str | None:
        row = self.selected
        return None if row is None else self.key_of(row)

    def _select(self, key: str | None) -> None:
        if key in self._rows:
            self.move_cursor(row=self.get_row_index(str(key)), scroll=False)


def _fill(columns: list[Column[R]], width: int, padding: int) -> list[Column[R]]:
    """Give the column of width 0 what the others leave."""
    used = sum(column.width for column in columns) + 2 * padding * len(columns)
    rest = max(width - used, 4)
    return [Column(c.title, c.width or rest, c.cell) for c in columns]
