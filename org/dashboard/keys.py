"""Every key of the app with its tooltip, and the tabs behind the digits."""

from textual.binding import Binding, BindingType

TABS = ("overview", "experiments", "programs", "plot", "standup", "messages", "log")

BINDINGS: list[BindingType] = [
    Binding("t", "takeover", "Take over", tooltip="Take over the selected agent: its mail and nudges are held"),
    Binding("h", "handback", "Hand back", tooltip="Hand the selected agent back: it is told what you did"),
    Binding("p", "pause", "Pause", tooltip="Pause the selected agent; again resumes it"),
    Binding("p", "resume", "Resume", tooltip="Resume the selected agent"),
    Binding("g", "go", "Pane", tooltip="Go to the pane of the selected agent"),
    Binding("r", "reply", "Reply", tooltip="Answer the selected question or message"),
    Binding("s", "standup", "Standup", tooltip="Ask everybody for a standup section and write the page now"),
    Binding("slash", "filter", "Filter", key_display="/", tooltip="Narrow the experiments by words"),
    Binding("question_mark", "help", "Help", key_display="?", tooltip="Keys and symbols"),
    Binding("q", "quit", "Quit", tooltip="Close the dashboard; the lab goes on"),
    *(
        Binding(str(number), f"tab('{name}')", name.capitalize(), show=False, tooltip=f"Show {name}")
        for number, name in enumerate(TABS, start=1)
    ),
]


def all_bindings() -> list[Binding]:
    return [binding for binding in BINDINGS if isinstance(binding, Binding)]
