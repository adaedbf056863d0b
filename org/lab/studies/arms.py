"""Arms of a study on a pool's own seeds. An arm is a tree; its runs are told apart by it, and by the seed's slot.

The pool's last seeds are taken, from the last one down: races begin at the first, so that few runs that selected anything
had these. What is accepted into a head afterwards fills its pool.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from org.lab import pools, seeds
from org.lab.lab import Lab
from org.lab.studies.kind import Wanted
from org.model.pool import Pool
from org.model.run import Run
from org.model.study import Study
from org.science import sigma
from org.store import studies
from org.store.tables import POOLS


def lacking(
    lab: Lab, con: sqlite3.Connection, pool: Pool, values: Sequence[Run], trees: Iterable[str], count: int
) -> list[Wanted]:  # fmt: skip
    """What each of these trees lacks to count runs (fewer where the pool is smaller)."""
    return [
        Wanted(tree, seeds.pool_seed(con, slot), slot, rung=pool.rung, depth=None, budget=pool.budget, pool=pool.id)
        for tree in dict.fromkeys(trees)
        for slot in slots(lab, pool)[:count]
        if not any(run.tree == tree and run.slot == slot for run in values)
    ]


def slots(lab: Lab, pool: Pool) -> list[int]:
    """The pool's seeds in the order in which a study takes them."""
    return list(range(pools.size(lab, pool)))[::-1]


def of(lab: Lab, values: Sequence[Run], tree: str) -> list[float]:
    """An arm's values in the order of its seeds, lower is better."""
    mine = sorted((run for run in values if run.tree == tree), key=lambda run: -run.slot)
    return [lab.sign * (run.metric or 0.0) for run in mine]


def with_pool(lab: Lab, con: sqlite3.Connection, pool: Pool, values: Sequence[Run]) -> list[float]:
    """A baseline's values: its pool's, and those of the study on seeds that the pool has not run."""
    have = pools.values(lab, con, pool.id)
    own = [r for r in values if r.tree == pool.tree and r.slot < len(have) and have[r.slot] is None]
    return [v for v in have if v is not None] + of(lab, own, pool.tree)


def base_lacking(lab: Lab, con: sqlite3.Connection, pool: Pool, values: Sequence[Run], count: int) -> list[Wanted]:
    """Runs of a pool's tree on seeds that it has not run, until it has count."""
    have = pools.values(lab, con, pool.id)
    missing = count - len(with_pool(lab, con, pool, values))
    wanted = lacking(lab, con, pool, values, [pool.tree], len(have))
    return [want for want in wanted if have[want.number] is None][: max(0, missing)]


def spread(lab: Lab, con: sqlite3.Connection, pool: Pool, values: Sequence[Run]) -> tuple[float, float]:
    """(σ, df) between runs of the pool's tree, with what earlier pools add."""
    base = with_pool(lab, con, pool, values)
    floor = lab.protocol.sigma_floor * abs(sigma.mean(base)) if base else 0.0
    return sigma.pooled([base], *pools.spread_before(lab, con, pool), floor=floor or sigma.LEAST)


def broken(con: sqlite3.Connection, study: Study, values: Sequence[Run], tree: str | None = None) -> Run | None:
    """A run (of this tree) that failed for good: its seed has no value, and the engine asks no more."""
    known = {(run.tree, run.slot) for run in values}
    ended = [run for run in studies.runs_of(con, study.id)[::-1] if tree in (None, run.tree)]
    return next((run for run in ended if (run.tree, run.slot) not in known), None)


def pool(con: sqlite3.Connection, id: int) -> Pool:
    return POOLS.get(con, id)
