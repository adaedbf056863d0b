"""Lines of text to be read: scrolled both ways, selected with the mouse; a line is drawn when it comes into sight."""

from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.containers import ScrollableContainer
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from org.dashboard import figures
from org.dashboard.widgets import strips
from org.dashboard.widgets.strips import Styles


class Lines(ScrollView, can_focus=True):
    DEFAULT_CSS = "Lines { width: 1fr; height: 1fr; scrollbar-size: 1 1; }"
    BINDINGS: ClassVar[list[BindingType]] = list(ScrollableContainer.BINDINGS)

    def __init__(self, lines: Sequence[Text | Strip] = (), id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Text | Strip] = ()
        self._styles: Styles | None = None
        self._put(lines, max(map(_width, lines), default=0))

    def show(self, lines: Sequence[Text | Strip]) -> None:
        """Show these from their beginning."""
        self._put(lines, max(map(_width, lines), default=0))
        self.scroll_home(animate=False, immediate=True)

    def _put(self, lines: Sequence[Text | Strip], width: int) -> None:
        """Show these where the person is. width: of the widest."""
        self._lines = lines
        self.virtual_size = Size(width, len(lines))
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self.virtual_size.width

    def render_line(self, y: int) -> Strip:
        across, down = self.scroll_offset
        width, at = self.size.width, down + y
        if self._styles is None:
            self._styles = Styles(self.rich_style)  # kept, for Textual adds it up anew each time
        base = self._styles.base
        if at >= len(self._lines):
            return Strip.blank(width, base)
        line = self._strip(at, self._styles)
        span = None if self.text_selection is None else self.text_selection.get_span(at)
        if span is not None:
            start, end = span
            end = line.cell_length if end == -1 else end
            marked = strips.over(line.crop(start, end), self.screen.get_component_rich_style("screen--selection"))
            line = Strip.join([line.crop(0, start), marked, line.crop(end)])
        return line.crop_extend(across, across + width, base).apply_offsets(across, at)

    def _strip(self, at: int, styles: Styles) -> Strip:
        line = self._lines[at]
        return line.apply_style(styles.base) if isinstance(line, Strip) else strips.strip(line, _width(line), styles)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = None

    # Selecting with the mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        text = "\n".join(line.text.rstrip() if isinstance(line, Strip) else line.plain for line in self._lines)
        return selection.extract(figures.harmless(text)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


class Rendered(Lines):
    """Anything of Rich's, laid out once for the width."""

    DEFAULT_CSS = "Rendered { overflow-x: hidden; scrollbar-gutter: stable; }"

    def __init__(self, what: RenderableType, id: str | None = None) -> None:
        super().__init__(id=id)
        self._what, self._laid_for = what, 0

    def on_resize(self, event: events.Resize) -> None:
        width, console = self.scrollable_content_region.width, self.app.console
        if width != self._laid_for:
            self._laid_for = width
            found = console.render_lines(self._what, console.options.update(width=width, height=None), pad=False)
            self._put([Strip(line) for line in found], width)


def of(text: str) -> list[Text]:
    """What is said as it is, a line a line."""
    return [Text(line) for line in figures.harmless(text.expandtabs()).removesuffix("\n").split("\n")]


def _width(line: Text | Strip) -> int:
    return line.cell_length if isinstance(line, Strip) else line.cell_len
