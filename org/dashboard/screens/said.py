"""What a verb said, to be read."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from org.dashboard.figures import harmless
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.widgets import lines
from org.dashboard.widgets.lines import Lines


class Said(Dialogue[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", tooltip="Close this page")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Container(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = Text(harmless(self._title)), "Esc goes back"
            yield Lines(lines.of("…"), id="said")

    def on_mount(self) -> None:
        self.query_one(Lines).focus()

    def show(self, said: str) -> None:
        """Show it, unless the person went on."""
        if self.is_attached:
            self.query_one(Lines).show(lines.of(said or "done"))
