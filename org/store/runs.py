"""The one way a run moves, and how runs are asked for."""

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any

from org.model.run import OUTSTANDING, Event, Run, State, advance
from org.store import events
from org.store.tables import RUNS


def queue(con: sqlite3.Connection, run: Run) -> Run:
    """Insert a run under the next id. run.id is ignored."""
    run = replace(run, id=RUNS.next_name(con, "R"), state=State.QUEUED)
    RUNS.insert(con, run)
    events.append(
        con, "run.queued", run.id, at=run.queued_at, purpose=run.purpose.value, experiment=run.experiment, seed=run.seed
    )
    return run


def move(con: sqlite3.Connection, id: str, event: Event, now: datetime, reason: str = "", **changes: Any) -> Run:
    """Advance run id by event. IllegalMove when its state has no such move."""
    before = RUNS.get(con, id)
    after = advance(before.state, event, id)
    RUNS.update(con, id, state=after, reason=reason, **changes)
    events.append(
        con, f"run.{after.value}", id, at=now, reason=reason, experiment=before.experiment,
        metric=changes.get("metric"), device=changes.get("device", before.device),
    )  # fmt: skip
    return RUNS.get(con, id)


def in_state(con: sqlite3.Connection, *states: State) -> list[Run]:
    marks = ", ".join("?" * len(states))
    order = "ORDER BY CAST(substr(id, 2) AS INTEGER)"
    return RUNS.select(con, f"WHERE state IN ({marks}) {order}", *(s.value for s in states))


def of_experiment(con: sqlite3.Connection, experiment: str) -> list[Run]:
    return RUNS.select(con, "WHERE experiment = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", experiment)


def outstanding_of(con: sqlite3.Connection, experiment: str) -> list[Run]:
    return [run for run in of_experiment(con, experiment) if run.state in OUTSTANDING]
