"""An answer to a question or a message."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown


class Reply(ModalScreen[str | None]):
    """Dismissed with the text, or None when the person thought better of it. An empty answer is none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", tooltip="Send nothing")]

    def __init__(self, to: str, body: str) -> None:
        super().__init__()
        self._to, self._body = to, body

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue") as box:
            box.border_title, box.border_subtitle = f"Answer {self._to}", "Enter sends · Esc cancels"
            with VerticalScroll(can_focus=False):
                yield Markdown(self._body)
            yield Input(placeholder="your answer", id="answer")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted, "#answer")
    def _send(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
