"""What NVML tells of a run's cards while it trains: who else computes there, and the energy that they drew.

NVML names processes as the host numbers them. Inside a container those numbers are other ones, so they are held against
ours only where one of ours is among them.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from org.model import gang
from org.runs import gpus
from org.runs.gpus import Gpu, Reading

LOOK_SECONDS = 10.0  # asking takes a moment


@dataclass(slots=True)
class Watch:
    """device: as the run's row names it, cpu:0 or cuda:0-7; on processor slots nothing is ever asked."""

    device: str
    read: Callable[[], Reading] = gpus.read
    strangers: set[int] = field(default_factory=set)
    _first: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _next: float = 0.0

    def look(self, ours: Callable[[], Collection[int]]) -> None:
        """Ask, when it is time again. ours: ids of the run's own processes."""
        if not self.device.startswith("cuda") or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        mine = set(gang.members(self.device))
        cards = [card for card in self.read().gpus if card.name in mine]
        self.strangers |= _others(cards, set(ours()))
        for card in cards:
            if card.energy_mj is not None:
                self._first.setdefault(card.name, card.energy_mj)
                self._last[card.name] = card.energy_mj

    def told(self) -> dict[str, Any]:
        """For the run's record: `energy_joules` of all its cards between the first look and the last, `strangers`."""
        found: dict[str, Any] = {}
        if self._first:
            found["energy_joules"] = sum(self._last[name] - first for name, first in self._first.items()) / 1e3
        if self.strangers:
            found["strangers"] = sorted(self.strangers)
        return found


def _others(cards: Collection[Gpu], ours: Collection[int]) -> set[int]:
    there = {pid for card in cards for pid in card.processes}
    return there - set(ours) if there & set(ours) else set()
