"""A program of a terminal ends with it, also where no hang-up reaches it: because its parent ignored that signal, or because
the terminal is not its controlling one. Who reads a terminal that is gone reads nothing for ever, and a core with it.
"""

import os
import signal
import threading
import time

LOOK_SECONDS = 5.0


def hold(every_seconds: float = LOOK_SECONDS) -> None:
    """Look from a thread whether standard input, if it is a terminal, still is one; else SIGTERM to this process."""
    if os.isatty(0):
        threading.Thread(target=_watch, args=(every_seconds,), name="tether", daemon=True).start()


def _watch(every_seconds: float) -> None:
    while os.isatty(0):
        time.sleep(every_seconds)
    os.kill(os.getpid(), signal.SIGTERM)
