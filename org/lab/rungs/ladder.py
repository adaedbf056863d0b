"""The ladder as the ledger has it: what each change did on each rung, where it may go next, whether a small rung still has
a say. `science.ladder` decides; races are run on rung 0, the last rung is the target, what is between only promotes."""

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from org.lab import pools
from org.lab.lab import Lab
from org.lab.verdicts import judge
from org.model.experiment import Claim, Experiment
from org.model.study import Kind, State, Study
from org.science import ladder, sigma, tails
from org.science.ladder import Gate, Rung, Step
from org.store import reads, studies
from org.store.tables import EXPERIMENTS, POOLS, STUDIES

FIRST = 0
NO_RUNG = "the ladder has one rung: nothing is above it"


@dataclass(frozen=True, slots=True)
class Measured:
    """A change on one rung. gain: metric units, positive is better; se: its standard error."""

    rung: int
    gain: float
    se: float
    held: bool
    study: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """One change, or one bundle, on the rungs that it was run on. small: its gain in the race; None of a bundle."""

    name: str
    subject: str
    small: float | None
    rungs: tuple[Measured, ...]


def top(lab: Lab) -> int:
    """The target: the last rung."""
    return len(lab.config.task.ladder) - 1


def role(lab: Lab, rung: int) -> Rung:
    """What a rung decides."""
    if rung == top(lab):
        return Rung.TARGET
    return Rung.SMALL if rung == FIRST else Rung.MID


def named(lab: Lab, rung: int) -> str:
    """`depth 12`; where the task has no depth, `rung 1 (900step)`."""
    at = lab.config.task.ladder[rung]
    return f"rung {rung} ({at.run_budget})" if at.depth is None else f"depth {at.depth}"


def deviates(lab: Lab, con: sqlite3.Connection, pool: int, values: Sequence[float], margin: float = 0.0) -> list[float]:
    """z of each value (lower is better) against a pool: tail-matched, positive is better; [] while the spread is unknown."""
    base = [v for v in pools.values(lab, con, pool) if v is not None]
    if not base:
        return []
    centre = sigma.mean(base)
    spread, df = sigma.pooled(
        [base], *pools.spread_before(lab, con, POOLS.get(con, pool)), floor=lab.protocol.sigma_floor * abs(centre)
    )
    if df <= 0 or spread <= 0:
        return []
    se = spread * math.sqrt(1.0 + 1.0 / len(base))
    return [tails.z((centre + margin - value) / se, df, lab.protocol.df_cap) for value in values]


def on_first_rung(lab: Lab, con: sqlite3.Connection, e: Experiment) -> list[float]:
    """z of each run of its race, against the pool that it raced against."""
    raced = reads.last_race(con, e.id)
    if not raced or raced[0].pool is None:
        return []
    return deviates(lab, con, raced[0].pool, judge.values_by_slot(lab, raced), margin(e))


def margin(e: Experiment) -> float:
    """What a simplification may lose."""
    return e.margin if e.claim is Claim.SIMPLIFY else 0.0


def studies_of(con: sqlite3.Connection, id: str) -> list[Study]:
    """Every study of an experiment at a larger rung, alone or in a bundle, oldest first."""
    return [study for study in _all(con) if id in study.plan["experiments"]]


def measured(con: sqlite3.Connection, id: str) -> list[Measured]:
    """What it did by itself on larger rungs, in the order of the rungs."""
    alone = [_measured(s) for s in studies_of(con, id) if s.state is State.DONE and not s.plan["bundle"]]
    return sorted((m for m in alone if m is not None), key=lambda m: m.rung)


def tested(con: sqlite3.Connection) -> dict[str, Study]:
    """Of every experiment that was tested on a larger rung the study of the largest; there its own before a bundle's."""
    done = sorted(
        (s for s in _all(con) if s.state is State.DONE), key=lambda s: (s.plan["rung"], not s.plan["bundle"], int(s.id[1:]))
    )
    return {id: study for study in done for id in study.plan["experiments"]}


def highest(con: sqlite3.Connection, id: str) -> Study | None:
    """The study of the largest rung that an experiment was tested on."""
    return tested(con).get(id)


def held(study: Study | None) -> bool:
    """Whether what was tested held there; False of what was not."""
    return study is not None and bool(study.outcome.get("held"))


def gate(lab: Lab, con: sqlite3.Connection, rung: int) -> Gate:
    """Whether a rung still has a say about the target, from every change that was run on both."""
    return ladder.gate(pairs(lab, con, rung), lab.protocol)


def pairs(lab: Lab, con: sqlite3.Connection, rung: int) -> list[tuple[float, float]]:
    """(gain on that rung, gain on the target) of every change that was run on both."""
    found = []
    for row in transfers(lab, con):
        by_rung = {m.rung: m.gain for m in row.rungs} | ({FIRST: row.small} if row.small is not None else {})
        if rung in by_rung and top(lab) in by_rung and rung != top(lab):
            found.append((by_rung[rung], by_rung[top(lab)]))
    return found


def transfers(lab: Lab, con: sqlite3.Connection) -> list[Transfer]:
    """Everything that was measured on a larger rung, in the order in which it was first asked for."""
    done = [s for s in _all(con) if s.state is State.DONE]
    rows = []
    for id in dict.fromkeys(s.plan["experiments"][0] for s in done if not s.plan["bundle"]):
        e = EXPERIMENTS.get(con, id)
        rows.append(Transfer(id, e.subject, e.measured_gain, tuple(measured(con, id))))
    for study in done:
        if study.plan["bundle"] and (found := _measured(study)) is not None:
            rows.append(Transfer(f"bundle {study.id}", ", ".join(study.plan["experiments"]), None, (found,)))
    return [row for row in rows if row.rungs]


def standing(con: sqlite3.Connection, id: str) -> int | None:
    """The highest rung on which an experiment holds so far; None once it failed above it."""
    study = highest(con, id)
    if study is None:
        return FIRST
    return int(study.plan["rung"]) if study.outcome.get("held") else None


def next_rung(lab: Lab, con: sqlite3.Connection, rung: int) -> int | None:
    """Where a change goes from a rung: the next one above that still has a say, else the target; None at the top."""
    above = range(rung + 1, top(lab))
    return next((n for n in above if gate(lab, con, n).gates), top(lab) if rung < top(lab) else None)


def step(lab: Lab, con: sqlite3.Connection, e: Experiment) -> Step:
    """Whether a change leaves the rung on which it stands."""
    at = standing(con, e.id)
    study = highest(con, e.id)
    if at is None:
        assert study is not None
        return Step(False, 0, 0.0, 0.0, study.reason)
    if at > FIRST and study is not None:
        return Step(at < top(lab), 0, float(study.outcome["z"]), float(study.outcome["needed"]), study.reason)
    return ladder.promote(role(lab, FIRST), on_first_rung(lab, con, e), gate(lab, con, FIRST), lab.protocol)


def _all(con: sqlite3.Connection) -> list[Study]:
    return STUDIES.select(con, "WHERE kind = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", Kind.RUNG.value)


def open_(con: sqlite3.Connection) -> list[Study]:
    """Promotions that are not settled."""
    return studies.open_(con, Kind.RUNG)


def beside(con: sqlite3.Connection, rung: int, base: str) -> list[Study]:
    """Every study on that rung against this base (a tree as run), oldest first."""
    return [study for study in _all(con) if (study.plan["rung"], study.plan["base"]) == (rung, base)]


def _measured(study: Study) -> Measured | None:
    told = study.outcome
    if told.get("gain") is None:
        return None
    return Measured(int(study.plan["rung"]), float(told["gain"]), float(told["se"]), bool(told["held"]), study.id)
