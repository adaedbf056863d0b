"""The device timeline as numbers: what a device did from when to when, and why it was idle. The lab's timeline fills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Use(StrEnum):
    """What a device did. A pool's runs, fresh seeds and studies serve everybody."""

    RACE = "races"
    BASELINE = "baselines"
    STUDY = "studies"
    FRESH = "fresh seeds"
    SCREEN = "screens"
    TRY = "tries"
    LOST = "runs without a value"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From begin to end (aware) a device did one thing. runs: how many, for neighbours of a kind are one stretch."""

    begin: datetime
    end: datetime
    use: Use
    runs: int


@dataclass(frozen=True, slots=True)
class Idle:
    """cause: as the lab noted it."""

    begin: datetime
    end: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Row:
    """busy: share of the known time with a run on it; None where nothing is known."""

    device: str
    stretches: tuple[Stretch, ...]
    idle: tuple[Idle, ...]
    busy: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    since: datetime
    until: datetime
    rows: tuple[Row, ...] = ()
    busy: float | None = None  # of all devices together


def joined(stretches: Sequence[Stretch], gap: timedelta) -> tuple[Stretch, ...]:
    """Neighbours of one use that are less than `gap` apart, as one; in the order of their times."""
    found: list[Stretch] = []
    for run in sorted(stretches, key=lambda s: s.begin):
        if found and found[-1].use is run.use and run.begin - found[-1].end < gap:
            last = found.pop()
            run = Stretch(last.begin, max(last.end, run.end), run.use, last.runs + run.runs)
        found.append(run)
    return tuple(found)
