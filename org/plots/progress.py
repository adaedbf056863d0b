"""The progress plot as numbers: a dot per decided experiment, the head's staircase, the noise of a run around it, the merges
by name, and head against root on seeds that selected nothing."""

import bisect
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from org.model.study import Kind as StudyKind
from org.plots import kinds, stairs, tried
from org.plots.kinds import Kind
from org.plots.stairs import Moves, Stair
from org.plots.tried import Tried, decided
from org.science import sigma
from org.store import reads, rows, studies
from org.store.reads import PoolValues
from org.store.tables import EXPERIMENTS

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
    """Of one program, or of all: then the staircase is the best of their heads and the lab's."""
    chosen, moves = decided(tried.read(con, program=program)), stairs.read(con, program)
    xs = _hours(con, chosen) if over == "hours" else None
    found = build(chosen, moves, reads.all_pool_values(con), higher_is_better, xs)
    return replace(found, metric=metric, program=program, over=over, fresh=fresh(con, moves, higher_is_better))


def build(
    chosen: Sequence[Tried], moves: Moves, pools: Sequence[PoolValues], higher_is_better: bool,
    xs: Sequence[float] | None = None,
) -> Progress:  # fmt: skip
    """chosen: as `decided` has them; xs: where each lies, by default its place among them. Pure."""
    at = [float(number) for number in range(1, len(chosen) + 1)] if xs is None else xs
    dots = tuple(Dot(x, t.metric, kinds.of(t.state), t.id, t.subject, t.gain) for t, x in zip(chosen, at, strict=True))
    spread = sigma.pooled([pool.values for pool in pools])[0]
    steps = stairs.of(chosen, at, moves, pools, higher_is_better)
    return Progress("metric", higher_is_better, None, "experiments", dots, steps, spread, None, max(at, default=1.0))


def merged(found: Progress) -> list[Dot]:
    """The dots that moved a head, the largest gain first."""
    return sorted((d for d in found.dots if d.kind in (kinds.MERGED, kinds.CERTIFIED)), key=lambda d: -d.gain)


def _hours(con: sqlite3.Connection, chosen: Sequence[Tried]) -> list[float]:
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
    for t in chosen:
        place = bisect.bisect_right(times, str(rows.encode(t.at)))
        found.append(spent[place - 1] if place else 0.0)
    return found


def fresh(con: sqlite3.Connection, moves: Moves, higher_is_better: bool) -> Bracket | None:
    """Of the program that gained most: its newest headline study, else the newest head whose fresh seeds the root has too."""
    measured = {(slug, tree) for slug, tree in con.execute("SELECT DISTINCT program, tree FROM runs WHERE purpose = 'fresh'")}
    sign = -1.0 if higher_is_better else 1.0
    heads: dict[str, list[str]] = defaultdict(list)
    for move in moves.merges:
        if move.program:
            heads[move.program].append(move.tree)
    found = []
    for slug, trees in heads.items():
        bracket = _headline(con, slug) or _of_seeds(con, slug, [tree for tree in trees if (slug, tree) in measured], sign)
        found += [bracket] if bracket is not None else []
    return max(found, key=lambda b: b.gain, default=None)


def _headline(con: sqlite3.Connection, slug: str) -> Bracket | None:
    for study in reversed([s for s in studies.done(con, StudyKind.HEADLINE) if slug in (s.subject, s.program)]):
        told = study.outcome
        if all(isinstance(told.get(name), int | float) for name in ("gain", "se", "root", "head")):
            return Bracket(told["root"], told["head"], told["gain"], told["se"], int(told.get("runs", 0)), slug)
    return None


def _of_seeds(con: sqlite3.Connection, slug: str, trees: Sequence[str], sign: float) -> Bracket | None:
    """trees: of its heads that fresh seeds have run, oldest first."""
    root = (reads.root_tree(con, slug) or _first_base(con, slug)) if trees else None
    if root is None:
        return None
    for tree in reversed(trees):
        pairs = reads.fresh_pairs(con, slug, root, tree)
        if len(pairs) >= 2:
            gains = [sign * (root_value - head_value) for root_value, head_value in pairs]
            se = (sigma.squares(gains) / (len(gains) - 1) / len(gains)) ** 0.5
            roots, heads = [r for r, _ in pairs], [h for _, h in pairs]
            return Bracket(sigma.mean(roots), sigma.mean(heads), sigma.mean(gains), se, len(pairs), slug)
    return None


def _first_base(con: sqlite3.Connection, slug: str) -> str | None:
    """What the program's first experiment was judged against: its root, unless a person gave it another."""
    tail = "WHERE program = ? ORDER BY CAST(substr(id, 2) AS INTEGER) LIMIT 1"
    found = EXPERIMENTS.select(con, tail, slug)
    return found[0].base_tree if found else None
