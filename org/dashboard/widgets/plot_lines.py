"""Lines of a plot, made for the size of the widget and made again when that or the numbers change."""

from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from org.dashboard.widgets import strips
from org.dashboard.widgets.strips import Styles

Make = Callable[[int, int], Sequence[Text]]  # (columns, rows)


class PlotLines(Widget):
    _make: Make | None = None
    _made_for = Size(0, 0)
    _strips: list[Strip] = []  # noqa: RUF012 (replaced, never changed)

    def draw(self, make: Make) -> None:
        """Show what `make` gives."""
        self._make, self._made_for = make, self.size
        width, height = self.size
        styles = Styles(self.rich_style)
        made = make(width, height) if width > 0 and height > 0 else []
        self._strips = [strips.strip(line, width, styles) for line in made[:height]]
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        if self._make is not None and self._made_for != self.size:
            self.draw(self._make)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, Style() + self.rich_style)
