"""Where the points of a pool's compute curve come from: the pool itself at 1×, and one study at the other shares of the
budget, bought once and shared by every experiment of that pool. A candidate whose compute is outside the curve gets the
base run again at its own compute instead. A new head has a new pool, and with it a new curve."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.lab import pools
from org.lab.lab import Lab
from org.model.pool import Pool
from org.model.run import Run
from org.model.study import Kind, State, Study
from org.science.curve import Curve, Point, fit
from org.science.protocol import Protocol
from org.store import reads, studies
from org.store.tables import POOLS

RATIO_DIGITS = 3  # of a ratio outside the curve: candidates that spend about the same share their reruns

Plan = list[list[float]]  # [share of the budget, runs]


def of_pool(protocol: Protocol) -> Plan:
    """The points that a curve needs beside its pool."""
    return [[share, count] for share, count in protocol.curve.ratios if share != 1.0]


def at(ratio: float, protocol: Protocol) -> Plan:
    """The base again at the compute of a candidate."""
    return [[float(f"{ratio:.{RATIO_DIGITS}g}"), min(count for _, count in protocol.curve.ratios)]]


def found(con: sqlite3.Connection, pool: int, points: Plan) -> Study | None:
    """The newest study with these points of the pool that was not cancelled."""
    asked = [s for s in studies.of_subject(con, Kind.CURVE, _subject(pool)) if s.plan.get("points") == points]
    return next((s for s in reversed(asked) if s.state is not State.CANCELLED), None)


def ask(con: sqlite3.Connection, pool: Pool, points: Plan, asked_by: str, now: datetime, early: bool = False) -> Study:
    """Open the study. It is everybody's: no program pays for it alone. early: no keep waits for it yet."""
    return studies.ask(
        con, Kind.CURVE, _subject(pool.id), asked_by, now, pool=pool.id, tree=pool.tree, points=points, early=early
    )  # fmt: skip


def hurry(con: sqlite3.Connection, study: Study) -> None:
    """A keep waits for it now."""
    if study.plan.get("early"):
        studies.remember(con, study, early=False)


def base_runs(lab: Lab, con: sqlite3.Connection, pool: int) -> list[Run]:
    """The runs that speak for the pool's seeds."""
    size = pools.size(lab, POOLS.get(con, pool))
    return [run for run in reads.pool_runs(con, pool) if run.metric is not None and run.slot < size]


def measured(con: sqlite3.Connection, study: Study) -> list[Run]:
    """The runs of the study that counted."""
    return [run for run in studies.runs_of(con, study.id) if run.metric is not None and run.state.value == "succeeded"]


def fitted(lab: Lab, base: Sequence[Run], others: Sequence[Run], count: str) -> Curve:
    """The curve over one count (flops or tokens) through the pool and the study's runs. Raises Refused where none fits."""
    unit = sum(float(run.record[count]) for run in base) / len(base)
    return fit([Point(float(r.record[count]) / unit, lab.sign * (r.metric or 0.0)) for r in (*base, *others)], lab.protocol)


def _subject(pool: int) -> str:
    return f"pool-{pool}"
