"""A line of words of which one is chosen; a click chooses another."""

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from org.dashboard import palette

GAP = " "


class Choices(Widget):
    """more: what else is to be said on the line."""

    ALLOW_SELECT = False

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str], id: str | None = None) -> None:
        super().__init__(id=id)
        self._names, self._chosen, self._more = list(names), "", ""

    def show(self, chosen: str, more: str = "") -> None:
        if (chosen, more) != (self._chosen, self._more):
            self._chosen, self._more = chosen, more
            self.refresh()

    def render(self) -> Text:
        colours = palette.of_app(self.app)
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        for name in self._names:
            is_chosen = name == self._chosen
            text.append("▸" if is_chosen else " ", colours.live)
            text.append(name, f"bold {colours.live}" if is_chosen else colours.dim).append(GAP)
        return text.append(self._more, colours.plain)

    def on_click(self, event: events.Click) -> None:
        end = 0
        for name in self._names:
            end += 1 + len(name) + len(GAP)
            if event.x < end:
                self.post_message(self.Chosen(name))
                return
