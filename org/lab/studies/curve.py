"""The baseline at other amounts of compute, each run with its full schedule there: what compute alone would give.

All runs are asked for at once, on seeds of their own: the pool's seeds select, these only measure.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.lab import seeds, settings
from org.lab.lab import Lab
from org.lab.studies.kind import Finding, Wanted
from org.lab.verdicts import compute, curves
from org.model.errors import Refused
from org.model.run import Run
from org.model.study import Kind, Study
from org.store import studies
from org.store.tables import POOLS

EARLY = 10.2  # no keep is there yet: on devices that would idle
RANK = 0.5  # a keep waits for it; a re-check, which holds the whole queue of its program, goes first


@dataclass(frozen=True, slots=True)
class ComputeCurve:
    """plan: pool, tree, points ([share of the budget, runs] each); early: no keep waits for it yet."""

    kind: Kind = Kind.CURVE
    rank: float = RANK
    backfill: bool = False

    def rank_of(self, study: Study) -> float:
        return EARLY if study.plan.get("early") else self.rank

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """Every point, once."""
        if studies.runs_of(con, study.id):
            return []
        pool = POOLS.get(con, study.plan["pool"])
        budgets = [settings.scaled(pool.budget, share) for share, count in study.plan["points"] for _ in range(int(count))]
        return [
            Wanted(pool.tree, seeds.curve_seed(con, study.id, n), n, rung=pool.rung, budget=budget, pool=pool.id)
            for n, budget in enumerate(budgets)
        ]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """What it costs to be a little better by compute alone; a rerun at one ratio has its mean."""
        base = curves.base_runs(lab, con, study.plan["pool"])
        lacking = compute.missing([*base, *values]) if base else "its pool has no runs"
        if lacking is not None:
            return Finding(f"no curve of {study.subject}: {lacking}", {}, failed=True)
        outcome = {"points": [[r.budget, r.record["flops"], r.record["tokens"], r.metric] for r in values]}
        if len(study.plan["points"]) == 1:
            mean, times = sum(r.metric or 0.0 for r in values) / len(values), study.plan["points"][0][0]
            told = f"the base of {study.subject} at {times:g} times its compute: {mean:.5g} over {len(values)} runs"
            return Finding(told, outcome | {"mean": mean})
        try:
            fit = curves.fitted(lab, base, values, "flops")
        except Refused as error:
            return Finding(f"no curve of {study.subject}: {error}", outcome, failed=True)
        per_cent = -0.01 * fit.slope * (fit.baseline - fit.asymptote)
        told = f"compute curve of {study.subject}: 1 % more compute is worth about {per_cent:+.2g}"
        return Finding(told, outcome | {"slope": fit.slope, "residual": fit.residual, "per_cent": per_cent})
