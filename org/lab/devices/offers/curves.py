"""The compute curve of a pool before a keep needs it: a keep that spends other compute than its base waits for it, and all
merges of its program with it. (Of a keep that is there it is no backfill: that study comes before the races.)"""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import pools
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.lab.verdicts import compute, curves
from org.model.experiment import Experiment, State
from org.model.pool import Pool
from org.model.run import State as RunState
from org.model.study import Kind, Study
from org.science import curve, labels
from org.store import experiments, reads
from org.store.events import OFFICE
from org.store.tables import POOLS

IN_SIGHT = 2  # candidate runs, from which on a race may end in a keep


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """One for every pool of a race that may keep a change of other compute; its likeliest race counts."""
    best: dict[int, tuple[float, Experiment, float]] = {}
    for e in experiments.in_state(con, State.RACING):
        made, ratio = _spent(lab, con, e)
        if e.pool is None or made < IN_SIGHT or ratio is None or not labels.needs_curve(True, ratio, lab.protocol):
            continue
        chance = value.keeps(con, made + 1)
        if curve.covers(ratio, lab.protocol) and chance > best.get(e.pool, (0.0, e, 0.0))[0]:
            best[e.pool] = chance, e, ratio
    for id, (chance, e, ratio) in best.items():
        pool, points = POOLS.get(con, id), curves.of_pool(lab.protocol)
        if pools.is_current(lab, con, pool) and curves.found(con, id, points) is None:
            yield _offer(lab, pool, points, chance, e, ratio)


def _spent(lab: Lab, con: sqlite3.Connection, e: Experiment) -> tuple[int, float | None]:
    """(candidate runs, FLOPs over the base's); None where the records do not say."""
    mine = [r for r in reads.candidate_runs(con, e.id) if r.pool == e.pool and r.state is RunState.SUCCEEDED]
    base = curves.base_runs(lab, con, e.pool) if e.pool is not None else []
    if not mine or not base or compute.missing([*mine, *base]) is not None:
        return len(mine), None
    return len(mine), compute.ratios(compute.spent(mine), compute.spent(base)).flops


def _offer(lab: Lab, pool: Pool, points: curves.Plan, chance: float, e: Experiment, ratio: float) -> Offer:
    whole = value.run_seconds(lab, pool.budget)
    seconds = sum(share * count for share, count in points) * whole
    count = sum(int(count) for _, count in points)

    def take(now: datetime) -> Study:
        with lab.ledger.transaction() as tx:
            return curves.ask(tx, pool, points, OFFICE, now, early=True)

    why = f"{e.id} spends {ratio:.3g} times the FLOPs of its base and is kept with {chance:.0%}; its label would wait for this"
    longest = max(share for share, _ in points) * whole
    return Offer(Kind.CURVE.value, f"pool-{pool.id}", value.WAITED * chance * seconds, seconds, why, take,
                 longest, count)  # fmt: skip
