"""One agent as the office deals with it: its seat, its backend, the watcher that follows it."""

from dataclasses import dataclass
from datetime import datetime

from org.agents.backend import Backend, Nudging, Seat, Watcher


@dataclass(slots=True)
class Desk:
    """watcher keeps where it read; the rest saves work between ticks, and losing it costs nothing."""

    seat: Seat
    backend: Backend
    watcher: Watcher
    looked: bool = False
    busy_seconds: float = 0.0  # CPU time of its pane's processes at the last look
    busy_at: datetime | None = None  # when that time last grew

    @property
    def nudged(self) -> bool:
        """Whether somebody must tell it that there is mail."""
        return self.backend.nudging is not Nudging.NONE
