"""The freeze: while the devices may measure something else than they did, nothing is merged. One fact in the ledger, put
there by a sentinel's alarm and taken away when the pool is measured anew, or by a person who says why."""

import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.model.run import Purpose, Run
from org.store import events, meta


@dataclass(frozen=True, slots=True)
class Freeze:
    """study: the sentinel that gave the alarm. tree: whose pool is measured anew. since: when the last good sentinel was
    asked for (ISO), "" for never: what was decided after it is doubted."""

    study: str
    tree: str
    reason: str
    at: str
    since: str


def now(con: sqlite3.Connection) -> Freeze | None:
    """Why nothing may be merged just now; None when it may."""
    found = meta.get(con, "frozen")
    return None if found is None else Freeze(**json.loads(found))


def begin(con: sqlite3.Connection, freeze: Freeze, now: datetime) -> None:
    """Merge nothing, and let every pool be of yesterday: what is run from now on has pools of its own. Call inside a
    transaction."""
    meta.put(con, "frozen", json.dumps(dataclasses.asdict(freeze)))
    meta.put(con, "drift_epoch", str(int(meta.get(con, "drift_epoch") or 0) + 1))
    events.append(con, "drift.alarm", freeze.study, at=now, reason=freeze.reason, since=freeze.since)


def lift(con: sqlite3.Connection, freeze: Freeze, reason: str, now: datetime, actor: str = events.OFFICE) -> None:
    """Merges go on. Call inside a transaction."""
    meta.put(con, "frozen", None)
    events.append(con, "drift.lifted", freeze.study, actor, now, reason=reason)


def words(freeze: Freeze) -> str:
    """For status, standup and dashboard."""
    return f"nothing is merged: {freeze.reason} ({freeze.study}); the pool is measured anew, then it goes on by itself"


def first(con: sqlite3.Connection, waiting: Sequence[Run]) -> list[Run]:
    """Runs in the order in which they are started: those that end a freeze before all others."""
    freeze = now(con)
    if freeze is None:
        return list(waiting)
    return sorted(waiting, key=lambda run: (run.purpose, run.tree) != (Purpose.POOL, freeze.tree))
