"""What every screen here is: it is drawn once for a key, when what changes with the key has changed.

Textual (8.2) draws all of a screen when another of its widgets gets the focus, and a dialogue five times while it opens."""

from typing import TypeVar

from textual.message import Message
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

T = TypeVar("T")


class Once(Screen[T]):
    class Stands(Message):
        """The screen is laid out, and on top."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # who gets or loses it draws itself

    def on_screen_resume(self) -> None:
        self.call_later(self.post_message, self.Stands())

    def _compositor_refresh(self) -> None:
        if self.app._batch_count:  # nothing would be written, and what is to be drawn forgotten
            self.refresh()
        else:
            super()._compositor_refresh()
