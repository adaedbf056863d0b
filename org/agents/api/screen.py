"""The one door to prompt_toolkit: an input box at the bottom of the pane, what the agent says above it.

Enter sends, Ctrl-J or Alt-Enter makes a new line, a paste stays one prompt, Ctrl-C interrupts the turn (or empties the
box). No key ends the program: the office does.
"""

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style
from rich.cells import cell_len, set_cell_size

from org.agents.api import quoting
from org.agents.api.backend import BAR, PROMPT
from org.agents.offline.pane import Mark, Pane

KEYS = "Enter sends · Ctrl-J new line · Ctrl-C interrupts"
STYLE = Style.from_dict({"bottom-toolbar": "noreverse fg:ansibrightblack", "prompt": "bold"})
TAIL = 4000  # characters of what is just being said that are kept for the bar
REDRAW_SECONDS = 0.1  # at most so often while words stream


class Player(Protocol):
    """The agent, as the screen uses it."""

    def person(self, text: str) -> None: ...

    def interrupt(self) -> bool: ...


class Screen:
    """A face on the terminal. bar: the two lines below the box; asked at every drawing."""

    def __init__(self, clock: Callable[[], datetime], bar: Callable[[], tuple[str, str]]) -> None:
        self._bar = bar
        self._partial = ""
        self._drawn = 0.0
        self._pane: Pane | None = None
        self._clock = clock
        self._session: PromptSession[str] | None = None

    def say(self, mark: Mark, text: str) -> None:
        if self._pane is not None:
            self._pane.say(mark, text)

    def partial(self, text: str) -> None:
        self._partial = (self._partial + text)[-TAIL:] if text else ""
        if not text or time.monotonic() - self._drawn > REDRAW_SECONDS:
            self.changed()

    def changed(self) -> None:
        self._drawn = time.monotonic()
        if self._session is not None and self._session.app.is_running:
            self._session.app.invalidate()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """What is said goes above the box from here on."""
        with patch_stdout(raw=True):
            self._pane = Pane(cast(TextIO, sys.stdout), self._clock)
            yield

    async def read(self, player: Player) -> None:
        """Hand what is typed to the player until the terminal is gone."""
        session: PromptSession[str] = PromptSession(
            multiline=True, key_bindings=_keys(player), bottom_toolbar=self._toolbar, erase_when_done=True, style=STYLE,
            prompt_continuation="  ",
        )  # fmt: skip
        self._session = session
        while True:
            try:
                player.person(await session.prompt_async(PROMPT))
            except EOFError:
                return
            except KeyboardInterrupt:
                player.interrupt()

    def _toolbar(self) -> str:
        width = max(shutil.get_terminal_size().columns - 1, 20)
        state, cost = self._bar()
        last = quoting.line(self._partial[-TAIL:], TAIL)
        first = f"{BAR} {state}"
        room = width - cell_len(first) - 3
        if last and room > 10:
            first = f"{first} · {_end(last, room)}"
        return f"{set_cell_size(first, width)}\n   {set_cell_size(f'{cost} · {KEYS}', width - 3)}"


def _end(text: str, cells: int) -> str:
    """The end of a line, as it fits."""
    while cell_len(text) > cells:
        text = text[max(1, len(text) - cells) :]
    return text


def _keys(player: Player) -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("c-j")
    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def interrupt(event: KeyPressEvent) -> None:
        if not player.interrupt():
            event.current_buffer.reset()

    @keys.add("c-d")
    def nothing(event: KeyPressEvent) -> None:
        event.current_buffer.delete()

    return keys


async def together(screen: Screen, player: Player, running: "asyncio.Task[None]") -> None:
    """Until the terminal is gone or the agent has ended, whichever is first; its error is raised."""
    reading = asyncio.create_task(screen.read(player))
    try:
        await asyncio.wait({reading, running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (running, reading):
            task.cancel()
        await asyncio.gather(reading, running, return_exceptions=True)
    for task in (running, reading):
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
