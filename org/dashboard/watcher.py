"""The thread that looks at the ledger twice a second, every other time also at the runs' progress, and posts each new
frame to the app: with sixty running runs a row changes at every look, and drawing is what a dashboard costs.

Not a Textual worker: leaving the app waits for those, and a look may wait for a locked ledger. A daemon thread may be
left behind; it only reads.
"""

import itertools
import threading
import time
from collections.abc import Callable

from textual.message import Message

from org.dashboard.follower import Follower
from org.dashboard.state import LabState, Wanted

POLL_SECONDS = 0.5


class Frame(Message):
    """A new frame; a newer one replaces it while it waits."""

    def __init__(self, lab: LabState) -> None:
        super().__init__()
        self.lab = lab

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Frame)


class Watcher:
    """start() once; stop() before the app is gone. newest: what the last look saw, None before the first; saw: what it
    looked at."""

    def __init__(self, follower: Follower, post: Callable[[Message], object]) -> None:
        self._follower, self._post = follower, post
        self._stopped, self._called = threading.Event(), threading.Event()
        self._wanted = self.saw = Wanted()
        self._heard = time.monotonic()
        self.newest: LabState | None = None

    @property
    def silent_seconds(self) -> float:
        """Since the last look came back. While a look hangs, its thread cannot say so itself."""
        return time.monotonic() - self._heard

    def start(self) -> None:
        self._heard = time.monotonic()
        threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._called.set()

    def want(self, wanted: Wanted) -> None:
        """Look at something else, and at once."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._called.set()

    def _watch(self) -> None:
        for number in itertools.count():
            if self._stopped.is_set():
                break
            wanted = self._wanted
            lab = self._follower.look(number % 2 == 0, wanted)
            self._heard = time.monotonic()
            if lab is not self.newest and not self._stopped.is_set():
                self.newest = lab
                self._post(Frame(lab))
            self.saw = wanted  # last: who finds this finds its frame too
            self._called.wait(POLL_SECONDS)
            self._called.clear()
        self._follower.close()
