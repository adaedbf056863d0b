"""Keys and symbols on one sheet."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from org.dashboard import palette
from org.dashboard.palette import Palette
from org.dashboard.symbols import AGENT, CONTROL, EXPERIMENT, PROGRAM, Sign

_COLUMN = 15  # cells for a symbol and its words
_MORE = {
    "1 … 9": "Open a tab",
    "enter": "Agents: go to the pane · experiments and findings: all about one · questions: answer",
    "← →": "In the plot: the program before, the next one, all together",
    "tab": "From the questions to the agents and back",
    "ctrl+p": "Every verb for every agent, program and experiment, and the colour themes",
}


class Help(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "app.pop_screen", "Back", tooltip="Close this page")
    ]

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._keys = list(bindings)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = "Help", "Esc goes back"
            yield Static(text_of(self._keys, palette.of_app(self.app)), id="help")


def text_of(bindings: Iterable[Binding], colours: Palette) -> Text:
    """Keys, then the symbols of everything that has a state."""
    named = [b for b in bindings if "resume" not in b.action and not b.action.startswith("tab")]
    text = _title("Keys", colours)
    for key, meaning in [*((b.key_display or b.key, b.tooltip) for b in named), *_MORE.items()]:
        text.append(f"{key:>7}  ", style=f"bold {colours.live}").append(f"{meaning}\n", style=colours.plain)
    tables: dict[str, Iterable[Sign]] = {
        "Experiments": EXPERIMENT.values(),
        "Agents": AGENT.values(),
        "Who holds a pane": CONTROL.values(),
        "Programs": PROGRAM.values(),
    }
    for title, signs in tables.items():
        text.append("\n").append_text(_title(title, colours)).append_text(_signs(list(signs), colours))
    words = "\nPlot: what lies at the edge is off the axis or has no value. Closing the dashboard stops nothing."
    return text.append(words, style=colours.dim)


def _title(words: str, colours: Palette) -> Text:
    return Text.assemble((f"{words}\n", f"bold {colours.plain}"))


def _signs(signs: list[Sign], colours: Palette) -> Text:
    text = Text()
    for place, sign in enumerate(signs, start=1):
        text.append(f"  {sign!s:<{_COLUMN}}", style=colours.of(sign.tone))
        if place % 4 == 0 or place == len(signs):
            text.append("\n")
    return text
