"""The plot as numbers: one dot per decided experiment, the head's staircase, and the noise around it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.dashboard.state import LabState, Point
from org.model.experiment import VERDICTS, State
from org.model.merge import Merge
from org.store.reads import PoolValues


@dataclass(frozen=True, slots=True)
class Dot:
    """x: place among the decided experiments, from 1. y: mean metric of its valid runs; None when it has none."""

    x: int
    y: float | None
    state: State
    experiment: str


@dataclass(frozen=True, slots=True)
class Stair:
    """From x on the head is worth `level`."""

    x: int
    level: float


@dataclass(frozen=True, slots=True)
class Curve:
    """sigma: the noise of one run, in metric units; 0 when it is not known."""

    dots: tuple[Dot, ...]
    stairs: tuple[Stair, ...]
    sigma: float
    higher_is_better: bool

    @property
    def root(self) -> float | None:
        return self.stairs[0].level if self.stairs else None

    @property
    def head(self) -> float | None:
        return self.stairs[-1].level if self.stairs else None


def of(lab: LabState, program: str | None = None) -> Curve:
    """Of one program, or of all: then the staircase is the best of their heads."""
    lines = decided(lab.points, program)
    dots = tuple(Dot(x, point.metric, point.state, point.id) for x, point in enumerate(lines, start=1))
    merges = [m for m in lab.merges if program in (None, m.program)]
    return Curve(dots, stairs(lines, merges, lab), lab.sigma[0], lab.setting.higher_is_better)


def decided(points: Sequence[Point], program: str | None) -> list[Point]:
    """Experiments with a verdict in the order of their verdicts."""
    chosen = [point for point in points if point.state in VERDICTS and program in (None, point.program)]
    return sorted(chosen, key=lambda point: (point.at, int(point.id[1:])))


def stairs(lines: Sequence[Point], merges: Sequence[Merge], lab: LabState) -> tuple[Stair, ...]:
    """Heads begin at the pool their first experiment was judged against and move with each merge."""
    levels = _first_levels(lines, lab.pools)
    if not levels:
        return ()
    best = max if lab.setting.higher_is_better else min
    found = [Stair(0, best(levels.values()))]
    for x, program, level in _moves(lines, merges, lab.pools):
        levels[program] = level
        now = best(levels.values())
        if now != found[-1].level:
            found.append(Stair(x, now))
    return tuple(found)


def _first_levels(lines: Sequence[Point], pools: Sequence[PoolValues]) -> dict[str, float]:
    means = {pool.id: _mean(pool.values) for pool in pools}
    levels: dict[str, float] = {}
    for point in lines:
        if point.pool in means:
            levels.setdefault(point.program, means[point.pool])
    return levels


def _moves(lines: Sequence[Point], merges: Sequence[Merge], pools: Sequence[PoolValues]) -> list[tuple[int, str, float]]:
    """(x, program, new level) of each merge. Its own experiment says where it is; a second move of the same
    experiment (a revert) lies where it happened."""
    places = {point.id: (x, point.metric) for x, point in enumerate(lines, start=1)}
    rung = min((pool.rung for pool in pools), default=0)
    trees = {pool.tree: _mean(pool.values) for pool in pools if pool.rung == rung}
    seen: set[str] = set()
    moves = []
    for merge in merges:
        x, value = places.get(merge.experiment, (0, None))
        if merge.experiment in seen:
            x, value = _place(lines, merge.done_at), None
        seen.add(merge.experiment)
        level = trees.get(merge.tree, value)
        if level is not None:
            moves.append((x, merge.program, level))
    return sorted(moves, key=lambda move: move[0])


def _place(lines: Sequence[Point], at: datetime | None) -> int:
    return sum(1 for point in lines if at and point.at <= at)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
