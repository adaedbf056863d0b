"""Waiting for what will be true soon."""

import time
from collections.abc import Callable

from textual.pilot import Pilot


async def eventually(pilot: Pilot[None], fact: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the app run until `fact()` is true; AssertionError when it never is."""
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "this never became true"
        await pilot.pause(0.05)
