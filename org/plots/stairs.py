"""The head's staircase: what it is worth after each move. Merges move it, and so do reverts, a person's new root, and, where
all programs are shown together, the beginning of one on a better head and the stacks that enter the lab's head."""

import bisect
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from org.model.merge import Kind, Merge
from org.plots.tried import Tried
from org.science import sigma
from org.store.reads import PoolValues
from org.store.tables import MERGES


@dataclass(frozen=True, slots=True)
class Stair:
    """From x on the head is worth `level`. why: "" for a merge, which has a dot of its own, and at the beginning; else what
    moved it."""

    x: float
    level: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Moves:
    """merges: of heads, done, in the ledger's order. studied: by tree, what the runs of stacks and reverts say of it: the only
    word on a head that has no pool yet."""

    merges: tuple[Merge, ...] = ()
    studied: Mapping[str, float] | None = None


def read(con: sqlite3.Connection, program: str | None = None) -> Moves:
    """Of one program, or of all and the lab's own."""
    merges = MERGES.select(con, "WHERE state = 'done' AND (? IS NULL OR program = ?) ORDER BY id", program, program)
    if all(move.kind is Kind.MERGE for move in merges):
        return Moves(tuple(merges))
    return Moves(tuple(merges), dict(con.execute(
        "SELECT r.tree, avg(r.metric) FROM runs r JOIN studies s ON s.id = r.study WHERE s.kind IN ('stack', 'revert') "
        "AND r.state = 'succeeded' AND r.metric IS NOT NULL GROUP BY r.tree"
    )))  # fmt: skip


def of(
    chosen: Sequence[Tried], xs: Sequence[float], moves: Moves, pools: Sequence[PoolValues], higher_is_better: bool
) -> tuple[Stair, ...]:
    """A head begins at the pool that its program's first experiment was judged against, where that experiment is. Of several
    programs: the best of those that have begun. chosen: as `tried.decided` has them, with the x of each."""
    means = {pool.id: sigma.mean(pool.values) for pool in pools}
    levels: dict[str, float] = {}
    walk = _Walk(levels, {pool.tree: means[pool.id] for pool in pools}, moves.studied or {})
    steps: list[tuple[float, str, Callable[[], object]]] = []
    begun: set[str] = set()
    for t, x in zip(chosen, xs, strict=True):
        if t.pool in means and t.program not in begun:
            at, why = (x, f"{t.program} begins") if begun else (0.0, "")
            steps.append((at, why, partial(levels.setdefault, t.program, means[t.pool])))
            begun.add(t.program)
    if not begun:
        return ()
    steps += [(x, _why(move), partial(walk.take, move, value)) for x, move, value in _placed(chosen, xs, moves.merges)]
    best = max if higher_is_better else min
    found: list[Stair] = []
    for x, why, take in sorted(steps, key=lambda step: step[0]):
        take()
        now = best(levels.values()) if levels else None
        if now is not None and (not found or now != found[-1].level):
            found.append(Stair(x, now, why))
    return tuple(found)


class _Walk:
    """levels: of each head, "" for the lab's; they change as moves are taken."""

    def __init__(self, levels: dict[str, float], pooled: Mapping[str, float], studied: Mapping[str, float]) -> None:
        self._levels, self._pooled, self._studied = levels, pooled, studied
        self._gained: dict[tuple[str, str], float] = {}  # what each move changed, to be undone

    def take(self, move: Merge, value: float | None) -> None:
        """value: of a merge, what its own runs say. A revert that nobody measured yet takes back what its merge changed."""
        level = self._pooled.get(move.tree, self._studied.get(move.tree, value))
        before, name = self._levels.get(move.program), (move.program, move.experiment)
        if level is None and move.kind is Kind.REVERT and before is not None:
            level = before - self._gained.get(name, 0.0)
        if level is not None:
            self._gained[name] = level - before if before is not None else 0.0
            self._levels[move.program] = level


def _placed(chosen: Sequence[Tried], xs: Sequence[float], merges: Sequence[Merge]) -> list[tuple[float, Merge, float | None]]:
    """Each move where it is on the axis: a merge at its own dot, everything else when it happened."""
    dots = {t.id: (x, t.metric) for t, x in zip(chosen, xs, strict=True)}
    times = [t.at for t in chosen]
    found = []
    for move in merges:
        x, value = dots.get(move.experiment, (None, None))
        if move.kind is not Kind.MERGE or x is None:
            before = bisect.bisect_right(times, move.done_at) if move.done_at else 0
            x, value = (xs[before - 1] if before else 0.0), None
        found.append((x, move, value))
    return sorted(found, key=lambda placed: placed[0])


def _why(move: Merge) -> str:
    match move.kind:
        case Kind.MERGE:
            return ""
        case Kind.REVERT:
            return f"{move.experiment} out"
        case Kind.STACK:
            return f"stack {move.experiment}"
        case Kind.ROOT:
            return "new root"
