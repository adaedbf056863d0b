"""Keys and symbols on one sheet."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from org.dashboard import palette
from org.dashboard.actions import NAMED, On
from org.dashboard.palette import Palette
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.screens.page import Page
from org.dashboard.screens.plot import Plot
from org.dashboard.symbols import AGENT, CONTROL, EXPERIMENT, PROGRAM, Sign
from org.dashboard.widgets.ledger_table import LedgerTable
from org.dashboard.widgets.lines import Rendered

_COLUMN = 15  # cells for a symbol and its words
_NAMES = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
    "ctrl+home": "", "ctrl+end": "", "enter": "Enter", "escape": "Esc", "question_mark": "?", "tab": "Tab",
}  # fmt: skip
_MORE = (
    ("1 … 9", "Open a tab"),
    ("Enter", "Agents: go to the pane · experiments and findings: all about one · questions: answer"),
    ("Tab", "From the questions to the agents and back"),
    ("Esc", "Close what lies on top, or the filter of the experiments"),
    ("ctrl+p", "Every verb for every agent, program and experiment, and the colour themes"),
)
_TITLES = {
    On.AGENT: "On the selected agent (1)", On.EXPERIMENT: "On the selected experiment (2, 4)",
    On.PROGRAM: "On the selected program (3)", On.LAB: "Everywhere",
}  # fmt: skip
Keys = list[tuple[str, str]]  # as a person reads the key, what it does


class Help(Dialogue[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "app.pop_screen", "Back", tooltip="Close this page")
    ]

    def __init__(self, bindings: Iterable[Binding]) -> None:
        super().__init__()
        self._keys = list(bindings)

    def compose(self) -> ComposeResult:
        with Container(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = "Help", "Esc goes back"
            yield Rendered(sheet_of(self._keys, palette.of_app(self.app)), id="help")


def sheet_of(bindings: Iterable[Binding], colours: Palette) -> RenderableType:
    """Keys by what they act on, then the symbols of everything that has a state."""
    parts: list[RenderableType] = []
    for title, keys in groups(bindings):
        parts += [_title(title, colours), _table(keys, colours), Text()]
    tables: dict[str, Iterable[Sign]] = {
        "Experiments": EXPERIMENT.values(),
        "Agents": AGENT.values(),
        "Who holds a pane": CONTROL.values(),
        "Programs": PROGRAM.values(),
    }
    for title, signs in tables.items():
        parts += [_title(title, colours), _signs(list(signs), colours)]
    words = "Plot: what lies at the edge is off the axis or has no value. Closing the dashboard stops nothing."
    return Group(*parts, Text(words, style=colours.dim))


def groups(bindings: Iterable[Binding]) -> list[tuple[str, Keys]]:
    """Every key under what it acts on. One that pauses or resumes is told once."""
    found: dict[On, Keys] = {on: [] for on in _TITLES}
    for b in bindings:
        if "resume" not in b.action and not b.action.startswith("tab("):
            found[_acts_on(b)].append((b.key_display or _read(b.key), b.tooltip))
    found[On.LAB] += _MORE
    return [
        *((_TITLES[on], keys) for on, keys in found.items()),
        ("In a table", _of(LedgerTable.BINDINGS)),
        ("In the plot (5)", _of(Plot.BINDINGS)),
        ("On the page of an experiment", _of(Page.BINDINGS)),
    ]


def _acts_on(binding: Binding) -> On:
    if binding.action == "go":
        return On.AGENT
    if binding.action in ("filter", "sort") or binding.action.startswith("leaf"):
        return On.EXPERIMENT
    name = binding.action.removeprefix("act('").removesuffix("')")
    return NAMED[name].on if name in NAMED else On.LAB


def _of(bindings: Sequence[BindingType]) -> Keys:
    return [(_read(b.key), b.tooltip) for b in bindings if isinstance(b, Binding)]


def _read(keys: str) -> str:
    """`down,space` → `↓ space`."""
    return " ".join(name for key in keys.split(",") if (name := _NAMES.get(key, key)))


def _title(words: str, colours: Palette) -> Text:
    return Text(words, f"bold {colours.plain}")


def _table(keys: Keys, colours: Palette) -> Table:
    """What does not fit on a line goes on under its beginning."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", width=8, style=f"bold {colours.live}", no_wrap=True)
    table.add_column(style=colours.plain)
    for key, meaning in keys:
        table.add_row(Text(key), Text(meaning))
    return table


def _signs(signs: list[Sign], colours: Palette) -> Text:
    text = Text()
    for place, sign in enumerate(signs, start=1):
        text.append(f"  {sign!s:<{_COLUMN}}", style=colours.of(sign.tone))
        if place % 4 == 0 or place == len(signs):
            text.append("\n")
    return text
