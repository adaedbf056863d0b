"""The forest plot as numbers: effects with their intervals; what was claimed, what was merged, what missed by little."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from org.model.experiment import IN_HEAD, Claim, Experiment, State
from org.model.study import Kind as StudyKind
from org.plots import kinds
from org.plots.kinds import Kind
from org.store import studies
from org.store.tables import EXPERIMENTS

Z = 1.96  # of the intervals: 95 %
MOST = 36  # rows that a person still reads
NEAR = (State.DISCARDED, State.PARKED, State.NOT_MERGED, State.CONFLICT, State.REVERTED)
MISSES = 8  # of those, at most, for what was not merged


@dataclass(frozen=True, slots=True)
class Interval:
    """A gain (positive is better) with its standard error, in the metric's unit."""

    gain: float
    se: float

    @property
    def low(self) -> float:
        return self.gain - Z * self.se

    @property
    def high(self) -> float:
        return self.gain + Z * self.se


@dataclass(frozen=True, slots=True)
class Effect:
    """raced: by the runs that selected it. shrunk: what the race says to quote. fresh: by a certificate's runs, or None."""

    experiment: str
    subject: str
    kind: Kind
    label: str
    raced: Interval
    shrunk: float
    fresh: Interval | None

    @property
    def best(self) -> Interval:
        return self.fresh or self.raced


@dataclass(frozen=True, slots=True)
class Effects:
    """effects: certified, merged (each the largest first), then the nearest misses. more_*: how many of them are left out."""

    metric: str
    program: str | None
    effects: tuple[Effect, ...] = ()
    more_merged: int = 0
    more_missed: int = 0


def read(con: sqlite3.Connection, metric: str, program: str | None = None) -> Effects:
    """Of one program, or of all."""
    found = [e for e in _candidates(con, program) if e.measured_gain is not None]
    fresh = _fresh(con)
    certified = _largest([e for e in found if e.state is State.CERTIFIED], fresh)
    merged = _largest([e for e in found if e.state in IN_HEAD and e.state is not State.CERTIFIED], fresh)
    missed = sorted((e for e in found if e.state in NEAR and e.decision.get("se")), key=lambda e: -_z(e))
    shown = (certified + merged)[: MOST - min(MISSES, len(missed))]
    near = missed[:MISSES]
    return Effects(
        metric, program, tuple(_effect(e, fresh) for e in [*shown, *near]), len(certified) + len(merged) - len(shown),
        len(missed) - len(near),
    )  # fmt: skip


def _candidates(con: sqlite3.Connection, program: str | None) -> list[Experiment]:
    """What is in a head, and what is not though its runs say something for it; a simplification is judged by its margin, not
    by a gain. Chosen by the ledger, for of ten thousand experiments hardly any is either."""
    marks = [", ".join("?" * len(states)) for states in (IN_HEAD, NEAR)]
    tail = (
        f"WHERE decided_at IS NOT NULL AND (? IS NULL OR program = ?) AND (state IN ({marks[0]}) OR state IN ({marks[1]}) "
        "AND claim = ? AND coalesce(json_extract(decision, '$.gain'), 0) > 0) ORDER BY CAST(substr(id, 2) AS INTEGER)"
    )
    states = [state.value for states in (IN_HEAD, NEAR) for state in states]
    return EXPERIMENTS.select(con, tail, program, program, *states, Claim.IMPROVE.value)


def _z(e: Experiment) -> float:
    return (e.measured_gain or 0.0) / float(e.decision["se"])


def _largest(found: Sequence[Experiment], fresh: dict[str, Interval]) -> list[Experiment]:
    return sorted(found, key=lambda e: -(fresh[e.id].gain if e.id in fresh else e.measured_gain or 0.0))


def _effect(e: Experiment, fresh: dict[str, Interval]) -> Effect:
    raced = Interval(e.measured_gain or 0.0, float(e.decision.get("se") or 0.0))
    return Effect(e.id, e.subject, kinds.of(e.state), e.label, raced, e.gain or 0.0, fresh.get(e.id))


def _fresh(con: sqlite3.Connection) -> dict[str, Interval]:
    """What the last certificate study of each experiment measured."""
    return {
        s.subject: Interval(float(s.outcome["gain"]), float(s.outcome["se"]))
        for s in studies.done(con, StudyKind.CERTIFICATE) if "gain" in s.outcome and "se" in s.outcome
    }  # fmt: skip
