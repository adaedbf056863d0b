"""When the app's memory is tidied: while the person rests. Python does it whenever enough was made, which is while a key is
answered; in a lab of ten thousand experiments that is a tenth of a second without an answer."""

import gc
import time
from collections.abc import Callable

YOUNG, MIDDLE, NEVER = 20_000, 50, 1_000_000  # objects made, collections of those, collections of the latter
REST_SECONDS = 3.0  # without a key
OFTEN_SECONDS, LATEST_SECONDS = 30.0, 300.0  # between two, in a rest and without one


class Rests:
    """Nothing happens before settle(), which is for a process of the app's own: its threads share one garbage collection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, tidy: Callable[[], object] = gc.collect) -> None:
        self._clock, self._tidy = clock, tidy
        self._touched_at = self._tidied_at = clock()
        self._settled = False

    def touched(self) -> None:
        """The person pressed a key, or moved the mouse."""
        self._touched_at = self._clock()

    def settle(self) -> None:
        """What there is now stays: leave it out from now on."""
        self._settled = True
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.enable()

    def look(self) -> None:
        """To be called now and then."""
        now = self._clock()
        since, rests = now - self._tidied_at, now - self._touched_at > REST_SECONDS
        if self._settled and since > (OFTEN_SECONDS if rests else LATEST_SECONDS):
            self._tidied_at = now
            self._tidy()
