"""The one way an experiment moves: state, reason and event in one transaction."""

import sqlite3
from datetime import datetime
from typing import Any

from org.model.experiment import OPEN, VERDICTS, Event, Experiment, State, advance
from org.store import events
from org.store.tables import EXPERIMENTS


def move(
    con: sqlite3.Connection, id: str, event: Event, now: datetime, actor: str = events.OFFICE, reason: str = "",
    **changes: Any,
) -> Experiment:  # fmt: skip
    """Advance experiment id by event, with further column changes. IllegalMove when its state has no such move."""
    before = EXPERIMENTS.get(con, id)
    after = advance(before.state, event, id)
    if after in VERDICTS and before.decided_at is None:
        changes.setdefault("decided_at", now)
    EXPERIMENTS.update(con, id, state=after, reason=reason or before.reason, **changes)
    events.append(con, f"experiment.{after.value}", id, actor, now, was=before.state.value, reason=reason)
    return EXPERIMENTS.get(con, id)


def in_state(con: sqlite3.Connection, *states: State) -> list[Experiment]:
    marks = ", ".join("?" * len(states))
    return EXPERIMENTS.select(
        con, f"WHERE state IN ({marks}) ORDER BY CAST(substr(id, 2) AS INTEGER)", *(s.value for s in states)
    )


def open_of(con: sqlite3.Connection, author: str) -> list[Experiment]:
    """The author's experiments that are not decided yet."""
    return [e for e in in_state(con, *OPEN) if e.author == author]


def of_program(con: sqlite3.Connection, slug: str) -> list[Experiment]:
    return EXPERIMENTS.select(con, "WHERE program = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", slug)
