"""How soon a lone Esc is noticed. What begins like every arrow key is known to be alone only when nothing follows it, and
Textual asks that when its wait for input ends: a tenth of a second later, whatever ESCDELAY says. Here the waits after a key
are shorter; those of a terminal where nobody types cost nothing more."""

import os
import selectors
from types import SimpleNamespace
from typing import Any

WAIT_SECONDS, WAITS = 0.02, 3  # each, and how many after a key
FOLLOWS_MS = "20"  # in which the rest of an arrow key comes; tmux and terminals send it at once


class Brief(selectors.SelectSelector):
    """A few short waits after each that brought something."""

    def __init__(self) -> None:
        super().__init__()
        self._left = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Of the base class."""
        brief = WAIT_SECONDS if timeout is None else min(timeout, WAIT_SECONDS)
        ready = super().select(brief if self._left else timeout)
        self._left = WAITS if ready else max(self._left - 1, 0)
        return ready


def hasten() -> None:
    """For an app of this process; before Textual is imported elsewhere. A user's own ESCDELAY is kept."""
    os.environ.setdefault("ESCDELAY", FOLLOWS_MS)
    from textual.drivers import linux_driver  # reads ESCDELAY; also macOS's

    driver: Any = linux_driver
    driver.selectors = SimpleNamespace(**vars(selectors) | {"SelectSelector": Brief})
