"""What a person types for a verb: one line or more, under what it is about."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from org.dashboard.actions import Field
from org.dashboard.figures import harmless
from org.dashboard.screens.dialogue import Dialogue
from org.dashboard.widgets.lines import Lines
from org.dashboard.widgets.prose import Prose


class Form(Dialogue[tuple[str, ...] | None]):
    """Dismissed with a text a field, or None when the person thought better of it. A needed field left empty is that.

    body: Markdown, or a text that is shown as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", tooltip="Send nothing")]

    def __init__(self, title: str, body: str | Text, fields: tuple[Field, ...], start: str = "") -> None:
        super().__init__()
        self._title, self._body, self._fields, self._start = title, body, fields, start

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue") as box:
            box.border_title, box.border_subtitle = Text(harmless(self._title)), "Enter sends · Esc cancels"
            body = Prose(self._body) if isinstance(self._body, str) else Lines(list(self._body.split()))
            body.can_focus = False
            yield body
            for number, field in enumerate(self._fields):
                hint = f"your {field.name}" if field.needed else f"{field.name}, if you like"
                yield Input(value="" if number else self._start, placeholder=hint, select_on_focus=False)

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    @on(Input.Submitted)
    def _send(self, event: Input.Submitted) -> None:
        if not self.is_active:  # a second Enter comes before the first has taken the form away
            return
        inputs = list(self.query(Input))
        if event.input is not inputs[-1]:
            inputs[inputs.index(event.input) + 1].focus()
            return
        typed = tuple(field.value.strip() for field in inputs)
        complete = all(text or not field.needed for text, field in zip(typed, self._fields, strict=True))
        self.dismiss(typed if complete else None)
