"""What every dialogue is: it lies on the screen below, dimmed.

Textual (8.2) dims that anew, cell by cell, whenever any of the dialogue is drawn: on a large terminal a tenth of a second a key.
What lies below is not drawn meanwhile (see ground.py), so it is dimmed once, and again after a change of size or theme."""

from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip

from org.dashboard.screens.once import Once

T = TypeVar("T")


class Dialogue(Once[T], ModalScreen[T]):
    HORIZONTAL_BREAKPOINTS = []  # noqa: RUF012 (declared so by Textual): a change of class styles everything anew
    VERTICAL_BREAKPOINTS = []  # noqa: RUF012
    _below: list[Strip] = []  # noqa: RUF012 (replaced, never changed)
    _dimmed_for: tuple[Size, str] | None = None

    def render_line(self, y: int) -> Strip:
        asked = self.size, self.app.theme
        if self._dimmed_for != asked:
            stack = self.app.screen_stack
            below = stack[stack.index(self) - 1] if self in stack[1:] else None
            lines = below._compositor.render_strips(self.size) if below else []
            self._below, self._dimmed_for = dimmed(lines, self.styles.background), asked
        return self._below[y] if y < len(self._below) else Strip.blank(self.size.width, self.rich_style)

    def on_resize(self, event: events.Resize) -> None:
        if self._dimmed_for is not None and self._dimmed_for[0] != event.size:
            self.call_after_refresh(self._look_again)  # what is below fits its columns to the new size first

    def _look_again(self) -> None:
        self._dimmed_for = None
        self.refresh()


def dimmed(lines: list[Strip], veil: Color) -> list[Strip]:
    """The lines under a veil, without their links: what is below cannot be clicked."""
    known: dict[Style | None, Style] = {}

    def dim(segment: Segment) -> Segment:
        found = known.get(segment.style)
        if found is None:
            found = known[segment.style] = _under(veil, segment.style or Style())
        return Segment(segment.text, found)

    return [Strip(map(dim, line), line.cell_length) for line in lines]


def _under(veil: Color, style: Style) -> Style:
    ink, ground = ((Color.from_rich_color(c) + veil).rich_color if c else None for c in (style.color, style.bgcolor))
    return style.clear_meta_and_links() + Style.from_color(ink, ground)
