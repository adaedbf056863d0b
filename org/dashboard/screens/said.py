"""What a verb said, to be read."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.screen import ModalScreen
from textual.widgets import Static


class Said(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", tooltip="Close this page")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with ScrollableContainer(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = self._title, "Esc goes back"
            yield Static(Text("…"), id="said")

    def on_mount(self) -> None:
        self.query_one(ScrollableContainer).focus()

    def show(self, said: str) -> None:
        """Show it, unless the person went on."""
        if self.is_attached:
            self.query_one("#said", Static).update(Text(said or "done", no_wrap=True))
