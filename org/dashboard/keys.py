"""Every key of the app with its tooltip, and the tabs behind the digits."""

from textual.binding import Binding, BindingType

from org.dashboard.actions import ACTIONS, Action, On

TABS = ("overview", "experiments", "programs", "findings", "plot", "standup", "messages", "devices", "log")
SHORT = ("Lab", "Exp.", "Prog.", "Find.", "Plot", "Stand.", "Mail", "Dev.", "Log")  # where the terminal is narrow
# In the footer; the others are in the help and in the palette.
FOOTER = {
    "takeover": "Take over", "handback": "Hand back", "pause_agent": "Pause", "resume_agent": "Resume", "explain": "Explain",
    "veto": "Veto", "certify": "Certify", "pause_program": "Pause", "resume_program": "Resume", "open_program": "Open",
    "close_program": "Close", "assign": "Assign", "standup": "Standup",
}  # fmt: skip
_WHERE = {On.AGENT: "the selected agent", On.EXPERIMENT: "the selected experiment", On.PROGRAM: "the selected program"}


def _of(action: Action) -> Binding:
    thing = _WHERE.get(action.on, "")
    title = action.title.replace("program {}", "{}").replace("{}", thing)
    tooltip = f"{title}: {action.help[0].lower()}{action.help[1:]}"
    words, shown = FOOTER.get(action.name, action.title.replace("{}", "").strip()), action.name in FOOTER
    return Binding(action.key, f"act('{action.name}')", words, show=shown, tooltip=tooltip)


BINDINGS: list[BindingType] = [
    *(_of(action) for action in ACTIONS if action.key and action.on is not On.LAB),
    Binding("g", "go", "Pane", tooltip="Go to the pane of the selected agent"),
    Binding("r", "reply", "Reply", tooltip="Answer the selected question or message"),
    Binding("slash", "filter", "Filter", key_display="/", tooltip="Narrow the experiments: words, or author:NAME state:WORD …"),
    Binding("o", "sort", "Sort", tooltip="Sort the experiments another way"),
    Binding("right_square_bracket", "leaf(1)", "Next", key_display="]", tooltip="The next page of experiments"),
    Binding("left_square_bracket", "leaf(-1)", "Back", key_display="[", tooltip="The page of experiments before"),
    *(_of(action) for action in ACTIONS if action.key and action.on is On.LAB),
    Binding("colon", "type", "Verb", show=False, key_display=":", tooltip="Type any verb of org and read what it says"),
    Binding("question_mark", "help", "Help", key_display="?", tooltip="Keys and symbols"),
    Binding("q", "quit", "Quit", tooltip="Close the dashboard; the lab goes on"),
    *(
        Binding(str(number), f"tab('{name}')", name.capitalize(), show=False, tooltip=f"Show {name}")
        for number, name in enumerate(TABS, start=1)
    ),
]


def labels(narrow: bool = False) -> list[tuple[str, str]]:
    """(tab, what a person reads on it), from the left."""
    names = SHORT if narrow else [name.capitalize() for name in TABS]
    return [(tab, f"{number} {name}") for number, (tab, name) in enumerate(zip(TABS, names, strict=True), start=1)]


def all_bindings() -> list[Binding]:
    return [binding for binding in BINDINGS if isinstance(binding, Binding)]
