"""The one way a program moves."""

import sqlite3
from datetime import datetime
from typing import Any

from org.model.program import Event, Program, State, advance
from org.store import events
from org.store.tables import PROGRAMS


def move(
    con: sqlite3.Connection, slug: str, event: Event, now: datetime, actor: str, reason: str = "", **changes: Any
) -> Program:
    """Advance a program. IllegalMove when its state has no such move."""
    before = PROGRAMS.get(con, slug)
    after = advance(before.state, event, f"program {slug}")
    PROGRAMS.update(con, slug, state=after, reason=reason or before.reason, **changes)
    events.append(con, f"program.{after.value}", slug, actor, now, was=before.state.value, reason=reason)
    return PROGRAMS.get(con, slug)


def in_state(con: sqlite3.Connection, *states: State) -> list[Program]:
    marks = ", ".join("?" * len(states))
    return PROGRAMS.select(con, f"WHERE state IN ({marks}) ORDER BY created_at, slug", *(s.value for s in states))


def in_order(con: sqlite3.Connection) -> list[Program]:
    """All programs, oldest first."""
    return PROGRAMS.select(con, "ORDER BY created_at, slug")
