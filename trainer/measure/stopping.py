"""SIGTERM as a request: the run ends at the next step boundary, with everything saved that it needs to go on.

It also covers the end of a run: torchrun sends SIGTERM to the others as soon as one rank dies, and they have that to write down.
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """While it is entered, SIGTERM sets `asked` and does nothing else. Outside the main thread Python allows no handler."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
