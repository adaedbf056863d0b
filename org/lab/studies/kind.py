"""What a kind of study is: it asks for runs in rounds, and concludes when it asks for none."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from org.lab.lab import Lab
from org.model.run import Run
from org.model.study import Kind, Study


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run that a study needs. arm: which side it is on (old, new, base …) as its kind calls it; it travels in the
    run's `slot` order, so that two wants with the same tree, seed and budget are two runs only if `number` differs.

    rung, depth, budget, gang: the setting; None: the lab's first rung. pool: of whose devices' model the run must be.
    """

    tree: str
    seed: int
    number: int = 0
    rung: int | None = None
    depth: int | None = None
    budget: str | None = None
    gang: int = 1
    pool: int | None = None
    experiment: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """How a study ends: one sentence for a person, and its numbers."""

    reason: str
    outcome: dict[str, Any]
    failed: bool = False


class StudyKind(Protocol):
    """One file a kind. rank: what waits is started in this order (schedule.py). backfill: only on devices that would
    idle; nothing of it may take longer than one run of the race. A kind with an attribute `spares_failures = True` goes on
    when a run of it fails for good. One with `rank_of(study)` ranks each study by itself; one with `waits(con, study)` is
    not advanced while that holds."""

    @property
    def kind(self) -> Kind: ...

    @property
    def rank(self) -> float: ...

    @property
    def backfill(self) -> bool: ...

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """The runs of its next round; values: the runs that counted so far, one a want. [] to conclude."""

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """What it found, with whatever follows from it (states of experiments, news), in the given transaction."""


def rank_of(kind: StudyKind, study: Study) -> float:
    """The rank of one study's runs: its kind's, unless that tells studies apart."""
    own = getattr(kind, "rank_of", None)
    return kind.rank if own is None else float(own(study))
