"""Questions that several faces ask of the ledger: what runs, what was decided, how far along. Read only."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.model.experiment import VERDICTS, Experiment
from org.model.merge import Merge
from org.model.run import Purpose, Run, State
from org.store import meta, rows, runs
from org.store.tables import EXPERIMENTS, MERGES, RUNS, SLOTS


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of a lab or a stretch of time. device_seconds counts every finished run, whatever its end."""

    proposed: int
    verdicts: int
    merged: int
    runs: int
    failed_runs: int
    device_seconds: float


def experiments(con: sqlite3.Connection, limit: int | None = None, program: str | None = None) -> list[Experiment]:
    """Newest last."""
    where = "WHERE program = ?" if program else "WHERE ? IS NULL"
    tail = f"{where} ORDER BY CAST(substr(id, 2) AS INTEGER) DESC LIMIT ?"
    return EXPERIMENTS.select(con, tail, program, -1 if limit is None else limit)[::-1]


def running(con: sqlite3.Connection) -> list[Run]:
    return runs.in_state(con, State.RUNNING)


def verdict_count(con: sqlite3.Connection) -> int:
    marks = ", ".join("?" * len(VERDICTS))
    return EXPERIMENTS.count(con, f"WHERE state IN ({marks})", *(s.value for s in VERDICTS))


def merged_count(con: sqlite3.Connection) -> int:
    return MERGES.count(con, "WHERE state = 'done'")


def merges(con: sqlite3.Connection, program: str | None = None) -> list[Merge]:
    where = "WHERE state = 'done' AND program = ?" if program else "WHERE state = 'done' AND ? IS NULL"
    return MERGES.select(con, f"{where} ORDER BY id", program)


def totals(con: sqlite3.Connection, since: datetime | None = None) -> Totals:
    """What happened since (aware), or ever."""
    at = str(rows.encode(since)) if since else ""
    marks = ", ".join("?" * len(VERDICTS))
    states = tuple(s.value for s in VERDICTS)
    finished = con.execute(
        "SELECT count(*), sum(state != 'succeeded'), sum(total_seconds) FROM runs WHERE finished_at >= ?", (at,)
    ).fetchone()
    return Totals(
        proposed=EXPERIMENTS.count(con, "WHERE created_at >= ?", at),
        verdicts=EXPERIMENTS.count(con, f"WHERE decided_at >= ? AND state IN ({marks})", at, *states),
        merged=MERGES.count(con, "WHERE state = 'done' AND done_at >= ?", at),
        runs=int(finished[0]),
        failed_runs=int(finished[1] or 0),
        device_seconds=float(finished[2] or 0.0),
    )


def fresh_pairs(con: sqlite3.Connection, program: str, root: str, head: str) -> list[tuple[float, float]]:
    """(root, head) values on the fresh seeds that both trees have run."""
    found = RUNS.select(con, "WHERE program = ? AND purpose = 'fresh' AND state = 'succeeded'", program)
    by_seed: dict[int, dict[str, float]] = {}
    for run in found:
        if run.metric is not None:
            by_seed.setdefault(run.seed, {})[run.tree] = run.metric
    return [(values[root], values[head]) for values in by_seed.values() if root in values and head in values]


def candidate_runs(con: sqlite3.Connection, experiment: str, purpose: Purpose = Purpose.RACE) -> list[Run]:
    """The experiment's runs of one purpose, in seed order, newest attempt of each seed last."""
    found = [r for r in runs.of_experiment(con, experiment) if r.purpose is purpose]
    return sorted(found, key=lambda r: (r.slot, r.attempt))


def pool_values(con: sqlite3.Connection, pool: int, size: int) -> list[float | None]:
    """The pool's metric values by seed slot; None where no valid run speaks for the seed yet."""
    values: list[float | None] = [None] * size
    for slot in SLOTS.select(con, "WHERE pool = ? ORDER BY slot", pool):
        if slot.slot < size:
            values[slot.slot] = RUNS.get(con, slot.run).metric
    return values


def pool_runs(con: sqlite3.Connection, pool: int) -> list[Run]:
    """The runs that speak for the pool's seeds, in order."""
    return [RUNS.get(con, s.run) for s in SLOTS.select(con, "WHERE pool = ? ORDER BY slot", pool)]


def config(con: sqlite3.Connection) -> dict[str, Any]:
    """The config as last applied, as plain data."""
    value: dict[str, Any] = json.loads(meta.get(con, "config") or "{}")
    return value
