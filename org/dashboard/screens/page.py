"""An experiment in full, over the tab that asked for it: its notebook page, its diff, its evidence."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import ContentSwitcher

from org.dashboard import palette
from org.dashboard.figures import harmless
from org.dashboard.palette import Palette
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.widgets import lines
from org.dashboard.widgets.choices import Choices
from org.dashboard.widgets.lines import Lines
from org.dashboard.widgets.prose import Prose

PARTS = ("page", "diff", "evidence")


class Page(Dialogue[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "Back", tooltip="Back to the table"),
        Binding("n", "part('page')", "Page", tooltip="The notebook page: hypothesis, verdict, runs, label"),
        Binding("d", "part('diff')", "Diff", tooltip="What it changes"),
        Binding("e", "part('evidence')", "Evidence", tooltip="The race, to check by hand"),
        Binding("tab", "turn", "Next part", tooltip="The next part", priority=True),
    ]

    def __init__(self, title: str, markdown: str) -> None:
        super().__init__()
        self._title, self._markdown = title, markdown

    def compose(self) -> ComposeResult:
        with Container(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = (
                Text(harmless(self._title)),
                "n page · d diff · e evidence · Esc goes back",
            )
            yield Choices(PARTS, id="parts")
            with ContentSwitcher(initial="page"):
                yield Prose(self._markdown, id="page")
                yield Lines(lines.of("…"), id="diff")
                yield Lines(lines.of("…"), id="evidence")

    def on_mount(self) -> None:
        self.action_part("page")

    def action_part(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        self.query_one(Choices).show(name)
        self.query_one(f"#{name}").focus()

    @on(Choices.Chosen)
    def _chosen(self, event: Choices.Chosen) -> None:
        self.action_part(event.name)

    def action_turn(self) -> None:
        now = PARTS.index(self.query_one(ContentSwitcher).current or PARTS[0])
        self.action_part(PARTS[(now + 1) % len(PARTS)])

    def show_diff(self, text: str) -> None:
        """Show it, unless the person went on."""
        if self.is_attached:
            self.query_one("#diff", Lines).show(coloured(text, palette.of_app(self.app)))

    def show_evidence(self, text: str) -> None:
        if self.is_attached:
            self.query_one("#evidence", Lines).show(lines.of(text))


def coloured(diff: str, colours: Palette) -> list[Text]:
    """The lines of a unified diff by what they do."""
    inks = {"+": colours.good, "-": colours.bad, "@": colours.live}
    return [Text(line, f"bold {colours.dim}" if _is_name(line) else inks.get(line[:1], "")) for line in map(str, lines.of(diff))]


def _is_name(line: str) -> bool:
    return line.startswith(("diff ", "index ", "--- ", "+++ "))
