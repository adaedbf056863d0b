"""The last line of the screen: the keys that do something now; a click presses one, the pointer on it explains it.

One widget: Textual's Footer makes a widget of every key, and all of them anew when another row is selected."""

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from org.dashboard import palette

LAST = ("help", "quit")  # always there, however narrow the terminal is
GAP = "  "
PALETTE_FROM = 100  # cells


@dataclass(frozen=True, slots=True)
class Hint:
    """key: as Textual names it. possible: else it is shown dimmed."""

    key: str
    display: str
    words: str
    tooltip: str
    possible: bool
    last: bool

    @property
    def length(self) -> int:
        return len(self.display) + 1 + len(self.words)


class KeyBar(Widget):
    ALLOW_SELECT = False
    _hints: tuple[Hint, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self._look(self.screen)

    def _look(self, screen: Screen[object]) -> None:
        """What is possible now."""
        if not self.is_attached or screen is not self.screen:
            return
        active = screen.active_bindings
        hints = [
            Hint(b.key, self.app.get_key_display(b), b.description, tooltip or b.description, enabled, b.action in LAST)
            for _, b, enabled, tooltip in active.values()
            if b.show
        ]
        found = active.get(self.app.COMMAND_PALETTE_BINDING)
        if found is not None:
            hints.append(Hint(found.binding.key, "^p", "all verbs", "Every verb for everything, by name", True, True))
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render(self) -> Text:
        colours = palette.of_app(self.app)
        text = Text(no_wrap=True, overflow="crop", end="")
        for hint in self._fitting():
            live, plain = (colours.live, colours.plain) if hint.possible else (colours.dim, colours.dim)
            text.append(f"{GAP if text else ' '}{hint.display}", f"bold {live}").append(f" {hint.words}", plain)
        return text

    def _fitting(self) -> list[Hint]:
        """As many as the line holds; help and quit first of all."""
        ends = [h for h in self._hints if h.last and (h.display != "^p" or self.size.width >= PALETTE_FROM)]
        left = self.size.width - sum(hint.length + len(GAP) for hint in ends)
        found = []
        for hint in self._hints:
            if not hint.last and hint.length + len(GAP) <= left:
                found.append(hint)
                left -= hint.length + len(GAP)
        return found + ends

    def _at(self, x: int) -> Hint | None:
        end = 1 - len(GAP)
        for hint in self._fitting():
            start, end = end + len(GAP), end + len(GAP) + hint.length
            if start <= x < end:
                return hint
        return None

    def on_click(self, event: events.Click) -> None:
        hint = self._at(event.x)
        if hint is not None and hint.possible:
            self.app.simulate_key(hint.key)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        hint = self._at(event.x)
        self.tooltip = None if hint is None else hint.tooltip
