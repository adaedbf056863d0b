"""One line of what is on the screen and of the keys that show more; what does not fit is left out, the last first."""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from org.dashboard import figures, palette


class Hints(Widget):
    ALLOW_SELECT = False
    _parts: Sequence[str] = ("",)

    def show(self, parts: Sequence[str]) -> None:
        """The most wanted part comes first."""
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render(self) -> Text:
        words = figures.harmless(figures.fitting(self._parts, self.size.width))
        return Text(words, palette.of_app(self.app).dim, no_wrap=True, overflow="ellipsis", end="")
