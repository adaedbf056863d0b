"""Waiting until an app has nothing left to do: by what it does, not by the clock and not by how busy the machine is.

Textual's own `pilot.pause()` takes a process that gets no processor for one that is idle, and then a test looks at half
a screen.
"""

import asyncio
import inspect
import time
import unicodedata
from collections.abc import Callable
from typing import Any

import screen
from textual._context import message_hook  # what run_test(message_hook=…) sets; a snapshot's app is not run by run_test
from textual.app import App
from textual.events import Key, Timer
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot

SECONDS, CPU_SECONDS = 120.0, 10.0  # a wait has failed when it had both; a starved process is not one that hangs


class Overheard:
    """To be mixed into an App: `handled` counts what its widgets handled, our own knocks and the ticking of clocks left
    out. What a tick changes sends messages of its own."""

    handled = 0

    def on_load(self) -> None:
        message_hook.set(self._overhear)

    def _overhear(self, message: Message) -> None:
        callback = getattr(message, "callback", None)
        if not isinstance(message, Timer) and not isinstance(getattr(callback, "func", None), _Knock):
            self.handled += 1


class _Patience:
    """How long to wait for something that may never come."""

    def __init__(self) -> None:
        self._began, self._used = time.monotonic(), time.process_time()

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self._began > SECONDS and time.process_time() - self._used > CPU_SECONDS


class _Knock:
    """Heard once the pump has handled everything that was in its queue before."""

    __signature__ = inspect.Signature()  # Textual asks each one for it, and finding it out costs more than the knock

    def __init__(self, pump: MessagePump) -> None:
        self._pump, self._heard = pump, not pump.call_later(self)

    def __call__(self) -> None:
        self._heard = True

    @property
    def is_heard(self) -> bool:
        return self._heard or self._pump._closed


class Visitor:
    """A pilot whose every act is over, and on the screen, when it returns."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot, self.app = pilot, pilot.app

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(_pressed(key))  # the pilot's own press sleeps until the process is idle
            await settled(self.app)

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await settled(self.app)

    async def settled(self) -> None:
        await settled(self.app)


def _pressed(key: str) -> Key:
    """As a terminal tells it; key: a character, or a key's name."""
    name = _character_to_key(key) if len(key) == 1 else key
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
    except KeyError:
        character = key if len(key) == 1 else None
    return Key(name, character)


async def eventually(visitor: Visitor, fact: Callable[[], object]) -> None:
    """Let the app go on until `fact()` is true of a settled screen; AssertionError with the screen when it never is."""
    patience = _Patience()
    await settled(visitor.app)
    while not fact():
        assert visitor.app.is_running and not visitor.app._exception, "the app ended"  # run_test raises why
        assert not patience.is_over, f"this never became true of\n{screen.text(visitor.app)}"
        await asyncio.sleep(0.05)
        await settled(visitor.app)


async def settled(app: App[Any]) -> None:
    """Return when, until the lab or the person does something new, the screen will not change any more: no message waits
    or is being handled anywhere, no worker runs, nothing is to be laid out or drawn, and the newest frame was shown."""
    assert isinstance(app, Overheard)
    patience = _Patience()
    while app.is_running and not app._exception and not app._exit:
        handled, pumps = app.handled, _pumps(app)
        heard = await _all_heard(app, [_Knock(pump) for pump in pumps], patience)
        if heard and handled == app.handled and not _in_the_way(app, pumps):
            return
        assert not patience.is_over, (
            f"it never settled: {_in_the_way(app, pumps)}, heard: {heard}, new messages: {app.handled - handled}"
        )
        await asyncio.sleep(0.002)


async def _all_heard(app: App[Any], knocks: list[_Knock], patience: _Patience) -> bool:
    while not all(knock.is_heard for knock in knocks):
        if not app.is_running or app._exit or patience.is_over:
            return False
        await asyncio.sleep(0.002)
    return True


def _pumps(app: App[Any]) -> list[MessagePump]:
    return [app, *(node for one in app.screen_stack for node in one.walk_children(with_self=True))]


def _in_the_way(app: App[Any], pumps: list[MessagePump]) -> dict[str, object]:
    """What has to be over first, by its name."""
    top = app.screen
    found: dict[str, object] = {
        "new or removed widgets": pumps != _pumps(app),
        "messages": [pump for pump in pumps if pump.message_queue_size or pump._next_callbacks],
        "layout": top._layout_required or top._scroll_required or top._recompose_required,
        "drawing": top._repaint_required or top._dirty_widgets or top._callbacks,
        "what moves": app.animator._animations or app.animator._scheduled,  # without animations too, at its clock's next tick
        "resizing": app._resize_event or app._resize_timer or app._batch_count,
        "workers": [worker for worker in app.workers if not worker.is_finished],
        "the newest frame": not getattr(app, "shows_newest", True),
    }
    return {name: what for name, what in found.items() if what}
