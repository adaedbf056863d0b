"""The append-only history. Every change of state writes its event in the same transaction."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from org.model.event import Event
from org.store import meta, rows
from org.store.tables import EVENTS

OFFICE = "office"


def append(
    con: sqlite3.Connection, kind: str, subject: str, /, actor: str = OFFICE, at: datetime | None = None, **detail: Any
) -> None:
    """Add one event. actor is who caused it; detail is JSON."""
    con.execute(
        "INSERT INTO events (at, kind, subject, actor, detail, organization) VALUES (?, ?, ?, ?, ?, ?)",
        (
            rows.encode(at or datetime.now(UTC)), kind, subject, actor, rows.encode(detail),
            meta.get(con, "organization") or "",
        ),
    )  # fmt: skip


def latest(con: sqlite3.Connection, limit: int = 50, subject: str | None = None, after: int = 0) -> list[Event]:
    """The newest events with an id above after, oldest first."""
    where, params = "WHERE id > ?", [after]
    if subject is not None:
        where, params = where + " AND subject = ?", [*params, subject]  # type: ignore[list-item]
    return EVENTS.select(con, f"{where} ORDER BY id DESC LIMIT ?", *params, limit)[::-1]
