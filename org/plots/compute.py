"""Loss against compute as numbers: the baseline's curve with its error, its runs, and the candidates judged against it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from org.model.errors import Refused
from org.model.experiment import VERDICTS, Experiment
from org.model.run import Purpose, Run, State
from org.model.study import Kind as StudyKind
from org.plots import kinds
from org.plots.kinds import Kind
from org.science import sigma
from org.science.protocol import Protocol
from org.store import reads, studies
from org.store.tables import EXPERIMENTS, POOLS, RUNS

STEPS = 48  # of the drawn curve
NO_RUN = "no candidate was judged yet"
BARE = "no run of this lab says how many FLOPs it spent: the train.json of its task has no `flops`"


@dataclass(frozen=True, slots=True)
class Point:
    """flops: training FLOPs of the whole run. y: the metric."""

    flops: float
    y: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Means over its valid race runs; se: of that mean, by the noise of a run."""

    at: Point
    se: float
    kind: Kind
    experiment: str
    subject: str
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """The fitted curve at one compute, and its standard error."""

    flops: float
    y: float
    se: float


@dataclass(frozen=True, slots=True)
class Compute:
    """pool: whose baseline it is; 0 before there is one. why: why there is no curve, when there is none."""

    metric: str
    higher_is_better: bool
    program: str | None
    pool: int = 0
    base: tuple[Point, ...] = ()
    others: tuple[Point, ...] = ()
    curve: tuple[Band, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    why: str = ""


def read(
    con: sqlite3.Connection, metric: str, higher_is_better: bool, protocol: Protocol, program: str | None = None,
    experiment: str | None = None,
) -> Compute:  # fmt: skip
    """Of the newest baseline that has a curve, else of the newest that has candidates; of one experiment's with its id."""
    found = _pools(con, program, experiment)
    empty = Compute(metric, higher_is_better, program, why=BARE if found else NO_RUN)
    for pool in found:
        base = [p for r in reads.pool_runs(con, pool) if (p := _point(r)) is not None]
        if base:
            return _of_pool(con, empty, protocol, pool, base, experiment)
    return empty


def _pools(con: sqlite3.Connection, program: str | None, experiment: str | None) -> list[int]:
    """The best choice first."""
    if experiment is not None:
        mine = [r.pool for r in reads.candidate_runs(con, EXPERIMENTS.get(con, experiment).id) if r.pool is not None]
        return list(dict.fromkeys(reversed(mine)))
    among = "" if program is None else " AND program = ?"
    named = () if program is None else (program,)
    raced = [int(row[0]) for row in con.execute(
        f"SELECT pool FROM runs WHERE purpose = 'race' AND state = 'succeeded' AND pool IS NOT NULL{among} "
        "GROUP BY pool ORDER BY pool DESC", named,
    )]  # fmt: skip
    curved = {s.plan.get("pool") for s in studies.done(con, StudyKind.CURVE) if len(s.plan.get("points", ())) > 1}
    return sorted(raced, key=lambda pool: (pool not in curved, -pool))


def _of_pool(
    con: sqlite3.Connection, empty: Compute, protocol: Protocol, pool: int, base: Sequence[Point], experiment: str | None
) -> Compute:
    bought = [s for s in studies.of_subject(con, StudyKind.CURVE, f"pool-{pool}") if s.outcome.get("points")]
    others = [Point(float(flops), float(y)) for s in bought for _, flops, _, y in s.outcome["points"]]
    sign = -1.0 if empty.higher_is_better else 1.0
    line, why = _line(base, others, sign, protocol)
    spread = sigma.pooled([[p.y for p in base]])[0]
    return Compute(
        empty.metric, empty.higher_is_better, empty.program, POOLS.get(con, pool).id, tuple(base), tuple(others), line,
        _candidates(con, pool, spread, experiment), why,
    )  # fmt: skip


def _line(base: Sequence[Point], others: Sequence[Point], sign: float, protocol: Protocol) -> tuple[tuple[Band, ...], str]:
    from org.science import curve  # numpy: nothing that only draws needs it

    unit = sigma.mean([p.flops for p in base])
    try:
        fitted = curve.fit([curve.Point(p.flops / unit, sign * p.y) for p in (*base, *others)], protocol)
    except Refused:
        return (), "no curve of this baseline was bought yet: the lab does it for a kept change that spends other compute"
    low = max(min(p.flops for p in (*base, *others)) / unit, protocol.curve.lowest_ratio)
    high = min(max(p.flops for p in (*base, *others)) / unit, protocol.curve.highest_ratio)
    ratios = [low * (high / low) ** (step / STEPS) for step in range(STEPS + 1)]
    told = [(ratio, curve.predict(fitted, min(max(ratio, low), high), protocol)) for ratio in ratios]
    return tuple(Band(ratio * unit, sign * p.value, p.se) for ratio, p in told), ""


def _candidates(con: sqlite3.Connection, pool: int, spread: float, experiment: str | None) -> tuple[Candidate, ...]:
    """Judged against this pool; with an experiment, that one and nothing else."""
    where = "WHERE pool = ? AND purpose = ? AND state = ? AND (? IS NULL OR experiment = ?) ORDER BY slot"
    by_experiment: dict[str, list[Point]] = {}
    for run in RUNS.select(con, where, pool, Purpose.RACE.value, State.SUCCEEDED.value, experiment, experiment):
        point = _point(run)
        if point is not None and run.experiment is not None:
            by_experiment.setdefault(run.experiment, []).append(point)
    found = {e.id: e for e in reads.named_experiments(con, list(by_experiment)) if e.state in VERDICTS}
    return tuple(_candidate(found[id], points, spread) for id, points in by_experiment.items() if id in found)


def _candidate(e: Experiment, points: Sequence[Point], spread: float) -> Candidate:
    at = Point(sigma.mean([p.flops for p in points]), sigma.mean([p.y for p in points]))
    return Candidate(at, spread / len(points) ** 0.5, kinds.of(e.state), e.id, e.subject, e.label)


def _point(run: Run) -> Point | None:
    flops: Any = run.record.get("flops")
    if run.metric is None or not isinstance(flops, int | float) or flops <= 0:
        return None
    return Point(float(flops), run.metric)
