"""A table over rows of the ledger: columns fit its width, and only lines that can be seen are ever drawn.

Not Textual's DataTable (8.2), which makes every cell of every row, measures each, and draws all of them anew after the update
of any: with 64 agents on a large terminal that is a third of a second a key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from org.dashboard import palette
from org.dashboard.palette import Palette
from org.dashboard.widgets import strips
from org.dashboard.widgets.strips import Styles

R = TypeVar("R")
HEAD = 1  # lines above the rows
LEAST = 20  # cells; in less there is no table


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """width: cells of text; 0 for what is left. cell: (row, colours, width) → text."""

    title: str
    width: int
    cell: Callable[[R, Palette, int], Text]


class LedgerTable(ScrollView, Generic[R], can_focus=True):
    """Rows by key, in the order given to `show`; the cursor stays on its row. Subclasses say columns and key."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LedgerTable { width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--cursor", "table--hover"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False, tooltip="The row above"),
        Binding("down", "cursor_down", "Down", show=False, tooltip="The row below"),
        Binding("pageup", "page_up", "Page up", show=False, tooltip="A screenful up"),
        Binding("pagedown", "page_down", "Page down", show=False, tooltip="A screenful down"),
        Binding("home,ctrl+home", "first", "First", show=False, tooltip="The first row"),
        Binding("end,ctrl+end", "last", "Last", show=False, tooltip="The last row"),
        Binding("enter", "choose", "Choose", show=False, tooltip="All about the selected row"),
    ]

    class Of(Message):
        """Something of a table; `on` finds it by the table's id."""

        def __init__(self, table: "LedgerTable[Any]") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "LedgerTable[Any]":
            return self.table

    class Moved(Of):
        """Another row is under the cursor, or what is under it changed."""

    class Chosen(Of):
        """Enter, or a double click on a row."""

    class Headed(Of):
        """A click on a column's title."""

        def __init__(self, table: "LedgerTable[Any]", title: str) -> None:
            super().__init__(table)
            self.title = title

    def __init__(self, id: str | None = None, show_cursor: bool = True) -> None:
        super().__init__(id=id)
        self.show_cursor = show_cursor
        self.cursor_row = 0
        self._hover: int | None = None
        self._rows: dict[str, R] = {}
        self._keys: list[str] = []
        self._columns: list[Column[R]] = []
        self._colours: Palette | None = None
        self._fitted_for: tuple[int, Palette] | None = None
        self._styles = Styles(Style())
        self._drawn: dict[str, Strip] = {}

    def fitting(self, width: int) -> list[Column[R]]:
        """The columns for a table of this many cells."""
        raise NotImplementedError

    def key_of(self, row: R) -> str:
        raise NotImplementedError

    # Rows

    @property
    def row_count(self) -> int:
        return len(self._keys)

    @property
    def rows(self) -> list[R]:
        return list(self._rows.values())

    @property
    def selected(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self._keys[self.cursor_row]] if self._keys else None

    @property
    def at_end(self) -> tuple[bool, bool]:
        """Whether the cursor is on the first row, and on the last."""
        return self.cursor_row <= 0, self.cursor_row >= self.row_count - 1

    def show(self, rows: Sequence[R]) -> None:
        """Make the table show exactly these rows."""
        before, key = self._rows, self._keys[self.cursor_row] if self._keys else None
        self._rows = {self.key_of(row): row for row in rows}
        order = list(self._rows)
        changed = [k for k, row in self._rows.items() if k in before and before[k] is not row and before[k] != row]
        stale = {k: self._drawn.pop(k) for k in changed if k in self._drawn}
        if self._colours != palette.of_app(self.app):
            self._fit()
        if order != self._keys:
            self._reorder(order, key)
        else:
            for k in stale:
                if self._line(k) != stale[k]:
                    self._refresh_row(order.index(k))
        if self._keys and (self._keys[self.cursor_row] != key or key in changed):
            self.post_message(self.Moved(self))

    def _reorder(self, order: list[str], key: str | None) -> None:
        """Rows came, went or changed places."""
        self._keys = order
        self._drawn = {k: line for k, line in self._drawn.items() if k in self._rows}
        last = max(len(order) - 1, 0)
        self.cursor_row = order.index(key) if key in self._rows else min(self.cursor_row, last)
        self.virtual_size = Size(self.size.width, len(order) + HEAD)
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if width < LEAST or self._colours is None:
            return Strip.blank(width, self._styles.base)
        if y < HEAD:
            return self._titles(width)
        row = self.scroll_offset.y + y - HEAD
        if row >= self.row_count:
            return Strip.blank(width, self._styles.base)
        line = self._line(self._keys[row]).adjust_cell_length(width, self._styles.base)
        if self.show_cursor and row == self.cursor_row:
            return strips.over(line, self._ground("table--cursor"))
        return strips.over(line, self._ground("table--hover")) if row == self._hover else line

    def on_resize(self, event: events.Resize) -> None:
        if (self.size.width, palette.of_app(self.app)) != self._fitted_for:  # one that was hidden is told its size again
            self._fit()
        self.move_cursor(self.cursor_row)  # into view: before it had a size there was none

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self.is_attached and self.rich_style != self._styles.base:
            self._fit()

    def _fit(self) -> None:
        """Columns for this width, in the colours of this theme."""
        self._colours, self._styles, self._drawn = palette.of_app(self.app), Styles(self.rich_style), {}
        self._fitted_for = self.size.width, self._colours
        self._columns = _fill(self.fitting(max(self.size.width - 1, LEAST)), self.size.width - 1)
        self.refresh()

    def _line(self, key: str) -> Strip:
        """The row as it is drawn without a cursor; kept until the row changes."""
        found = self._drawn.get(key)
        if found is None:
            assert self._colours is not None
            row, blank, parts = self._rows[key], Segment(" ", self._styles.base), list[Segment]()
            for column in self._columns:
                cell = column.cell(row, self._colours, column.width)
                parts += [blank, *strips.segments(cell, column.width, self._styles), blank]
            found = self._drawn[key] = Strip(parts, sum(column.width + 2 for column in self._columns))
        return found

    def _titles(self, width: int) -> Strip:
        words = "".join(f" {column.title:<{column.width}.{column.width}} " for column in self._columns)
        return Strip([Segment(words, self.get_component_rich_style("table--head"))], len(words)).adjust_cell_length(
            width, self._styles.base
        )

    def _ground(self, name: str) -> Style:
        return Style(bgcolor=self.get_component_rich_style(name).bgcolor)

    def _refresh_row(self, row: int | None) -> None:
        y = HEAD - 1 if row is None else row - self.scroll_offset.y + HEAD
        if HEAD <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # Keys

    def move_cursor(self, row: int) -> None:
        """To the row with this number, or the end that is nearer; it is scrolled to."""
        row = max(min(row, self.row_count - 1), 0)
        if row != self.cursor_row:
            before, self.cursor_row = self.cursor_row, row
            self._refresh_row(before)
            self._refresh_row(row)
            self.post_message(self.Moved(self))
        self._see_cursor()

    def _see_cursor(self) -> None:
        """Scroll to its row; once more after the next layout where rows are so new that it cannot be reached yet."""
        row, top, seen = self.cursor_row, self.scroll_offset.y, max(self.size.height - HEAD, 1)
        if self.is_attached and not top <= row < top + seen:
            wanted = row if row < top else row - seen + 1
            self.scroll_to(y=wanted, animate=False)
            if self.scroll_offset.y != wanted and self.size.height > HEAD:
                self.call_after_refresh(self.scroll_to, y=wanted, animate=False)

    def action_cursor_up(self) -> None:
        self.move_cursor(self.cursor_row - 1)

    def action_cursor_down(self) -> None:
        self.move_cursor(self.cursor_row + 1)

    def action_page_up(self) -> None:
        self.move_cursor(self.cursor_row - max(self.size.height - HEAD, 1))

    def action_page_down(self) -> None:
        self.move_cursor(self.cursor_row + max(self.size.height - HEAD, 1))

    def action_first(self) -> None:
        self.move_cursor(0)

    def action_last(self) -> None:
        self.move_cursor(self.row_count - 1)

    def action_choose(self) -> None:
        if self._keys:
            self.post_message(self.Chosen(self))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one on the same row opens."""
        if event.y < HEAD:
            title = self._title_at(event.x)
            if title:
                self.post_message(self.Headed(self, title))
            return
        row = self._row_at(event.y)
        if row is not None and self.show_cursor:
            self.move_cursor(row)
            if event.chain == 2:
                self.action_choose()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover_over(self._row_at(event.y) if self.show_cursor else None)

    def on_leave(self, event: events.Leave) -> None:
        self._hover_over(None)

    def _hover_over(self, row: int | None) -> None:
        if row != self._hover:
            before, self._hover = self._hover, row
            self._refresh_row(before)
            self._refresh_row(row)

    def _row_at(self, y: int) -> int | None:
        row = self.scroll_offset.y + y - HEAD
        return row if y >= HEAD and row < self.row_count else None

    def _title_at(self, x: int) -> str:
        end = 0
        for column in self._columns:
            end += column.width + 2
            if x < end:
                return column.title.strip()
        return ""


def _fill(columns: list[Column[R]], width: int) -> list[Column[R]]:
    """Give the column of width 0 what the others leave."""
    used = sum(column.width + 2 for column in columns)
    return [Column(c.title, c.width or max(width - used, 4), c.cell) for c in columns]
