"""The progress plot as numbers: a dot per decided experiment, the head's staircase, the noise of a run around it, the merges
by name, and head against root on seeds that selected nothing."""

import bisect
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from org.model.experiment import VERDICTS, Experiment
from org.model.merge import Merge
from org.model.study import Kind as StudyKind
from org.plots import kinds
from org.plots.kinds import Kind
from org.science import sigma
from org.store import reads, rows, studies
from org.store.reads import PoolValues
from org.store.tables import EXPERIMENTS, MERGES

Over = Literal["experiments", "hours"]


@dataclass(frozen=True, slots=True)
class Dot:
    """y: mean metric of its valid race runs; None when it has none."""

    x: float
    y: float | None
    kind: Kind
    experiment: str
    subject: str
    gain: float


@dataclass(frozen=True, slots=True)
class Stair:
    """From x on the head is worth `level`."""

    x: float
    level: float


@dataclass(frozen=True, slots=True)
class Bracket:
    """Head against root on fresh seeds: values of the metric, the gain (positive is better) and its standard error."""

    root: float
    head: float
    gain: float
    se: float
    seeds: int
    program: str


@dataclass(frozen=True, slots=True)
class Progress:
    """sigma: the noise of one run in the metric's unit, 0 when it is not known. over: what x counts."""

    metric: str
    higher_is_better: bool
    program: str | None
    over: Over
    dots: tuple[Dot, ...] = ()
    stairs: tuple[Stair, ...] = ()
    sigma: float = 0.0
    fresh: Bracket | None = None
    end: float = 1.0

    @property
    def root(self) -> float | None:
        return self.stairs[0].level if self.stairs else None

    @property
    def head(self) -> float | None:
        return self.stairs[-1].level if self.stairs else None


def read(con: sqlite3.Connection, metric: str, higher_is_better: bool, program: str | None = None, over: Over = "experiments"
         ) -> Progress:  # fmt: skip
    """Of one program, or of all: then the staircase is the best of their heads."""
    chosen = decided(reads.experiments(con, program=program))
    pools = reads.all_pool_values(con)
    tail = "WHERE state = 'done' AND kind IN ('merge', 'revert') AND (? IS NULL OR program = ?) ORDER BY id"
    merges = MERGES.select(con, tail, program, program)
    xs = _hours(con, chosen) if over == "hours" else [float(number) for number in range(1, len(chosen) + 1)]
    found = build(chosen, xs, reads.race_values(con), merges, pools, higher_is_better)
    return replace(found, metric=metric, program=program, over=over, fresh=_fresh(con, merges, higher_is_better))


def build(
    chosen: Sequence[Experiment], xs: Sequence[float], values: Mapping[str, Sequence[float]], merges: Sequence[Merge],
    pools: Sequence[PoolValues], higher_is_better: bool,
) -> Progress:  # fmt: skip
    """chosen: as `decided` has them, with the x of each. values: metric of each experiment's race runs. Pure."""
    dots = tuple(
        Dot(x, sigma.mean(values[e.id]) if values.get(e.id) else None, kinds.of(e.state), e.id, e.subject, e.gain or 0.0)
        for e, x in zip(chosen, xs, strict=True)
    )
    spread = sigma.pooled([pool.values for pool in pools])[0]
    steps = stairs(chosen, dots, merges, pools, higher_is_better)
    end = max(xs, default=1.0)
    return Progress("metric", higher_is_better, None, "experiments", dots, steps, spread, None, end)


def decided(found: Sequence[Experiment]) -> list[Experiment]:
    """Those with a verdict, in the order of their verdicts."""
    chosen = [e for e in found if e.state in VERDICTS]
    return sorted(chosen, key=lambda e: (e.decided_at or e.created_at, int(e.id[1:])))


def merged(found: Progress) -> list[Dot]:
    """The dots that moved a head, the largest gain first."""
    return sorted((d for d in found.dots if d.kind in (kinds.MERGED, kinds.CERTIFIED)), key=lambda d: -d.gain)


def stairs(
    chosen: Sequence[Experiment], dots: Sequence[Dot], merges: Sequence[Merge], pools: Sequence[PoolValues],
    higher_is_better: bool,
) -> tuple[Stair, ...]:  # fmt: skip
    """Heads begin at the pool that their first experiment was judged against and move with each merge."""
    means = {pool.id: sigma.mean(pool.values) for pool in pools}
    levels: dict[str, float] = {}
    for e in chosen:
        if e.pool in means:
            levels.setdefault(e.program, means[e.pool])
    if not levels:
        return ()
    best = max if higher_is_better else min
    found = [Stair(0.0, best(levels.values()))]
    for x, program, level in _moves(chosen, dots, merges, pools):
        levels[program] = level
        now = best(levels.values())
        if now != found[-1].level:
            found.append(Stair(x, now))
    return tuple(found)


def _moves(
    chosen: Sequence[Experiment], dots: Sequence[Dot], merges: Sequence[Merge], pools: Sequence[PoolValues]
) -> list[tuple[float, str, float]]:
    """(x, program, new level) of each merge: where its own experiment is; a second move of the same experiment (a revert)
    lies where it happened."""
    places = {dot.experiment: dot for dot in dots}
    rung = min((pool.rung for pool in pools), default=0)
    trees = {pool.tree: sigma.mean(pool.values) for pool in pools if pool.rung == rung}
    times = [e.decided_at or e.created_at for e in chosen]
    seen: set[str] = set()
    moves = []
    for merge in merges:
        dot = places.get(merge.experiment)
        again = merge.experiment in seen
        seen.add(merge.experiment)
        x = _place(times, dots, merge.done_at) if again or dot is None else dot.x
        level = trees.get(merge.tree, None if again or dot is None else dot.y)
        if level is not None:
            moves.append((x, merge.program, level))
    return sorted(moves, key=lambda move: move[0])


def _place(times: Sequence[datetime], dots: Sequence[Dot], at: datetime | None) -> float:
    before = bisect.bisect_right(times, at) if at is not None else 0
    return dots[before - 1].x if before else 0.0


def _hours(con: sqlite3.Connection, chosen: Sequence[Experiment]) -> list[float]:
    """Device-hours that the whole lab had spent when each was decided."""
    times, spent, total = [], [], 0.0
    for at, seconds in con.execute(
        "SELECT finished_at, total_seconds * gang FROM runs WHERE finished_at IS NOT NULL AND total_seconds IS NOT NULL "
        "ORDER BY finished_at"
    ):
        total += seconds / 3600
        times.append(at)
        spent.append(total)
    found = []
    for e in chosen:
        place = bisect.bisect_right(times, str(rows.encode(e.decided_at or e.created_at)))
        found.append(spent[place - 1] if place else 0.0)
    return found


def _fresh(con: sqlite3.Connection, merges: Sequence[Merge], higher_is_better: bool) -> Bracket | None:
    """Of the program that gained most: its newest headline study, else the newest head whose fresh seeds the root has too."""
    found = [b for slug in dict.fromkeys(m.program for m in merges) if (b := _of_program(con, slug, higher_is_better))]
    return max(found, key=lambda b: b.gain, default=None)


def _of_program(con: sqlite3.Connection, slug: str, higher_is_better: bool) -> Bracket | None:
    sign = -1.0 if higher_is_better else 1.0
    for study in reversed([s for s in studies.done(con, StudyKind.HEADLINE) if slug in (s.subject, s.program)]):
        told = study.outcome
        if all(isinstance(told.get(name), int | float) for name in ("gain", "se", "root", "head")):
            return Bracket(told["root"], told["head"], told["gain"], told["se"], int(told.get("runs", 0)), slug)
    root = reads.root_tree(con, slug) or _first_base(con, slug)
    for merge in reversed(MERGES.select(con, "WHERE state = 'done' AND program = ? ORDER BY id", slug)):
        pairs = reads.fresh_pairs(con, slug, root, merge.tree) if root else []
        if len(pairs) >= 2:
            gains = [sign * (root - head) for root, head in pairs]
            se = (sigma.squares(gains) / (len(gains) - 1) / len(gains)) ** 0.5
            roots, heads = [r for r, _ in pairs], [h for _, h in pairs]
            return Bracket(sigma.mean(roots), sigma.mean(heads), sigma.mean(gains), se, len(pairs), slug)
    return None


def _first_base(con: sqlite3.Connection, slug: str) -> str | None:
    """What the program's first experiment was judged against: its root, unless a person gave it another."""
    tail = "WHERE program = ? ORDER BY CAST(substr(id, 2) AS INTEGER) LIMIT 1"
    found = EXPERIMENTS.select(con, tail, slug)
    return found[0].base_tree if found else None
