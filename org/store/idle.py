"""Devices without a run, and why: at most one open interval a device, closed when a run or another cause begins."""

import sqlite3
from datetime import datetime

from org.model.idle import Cause, Interval
from org.store import rows
from org.store.tables import IDLE


def current(con: sqlite3.Connection) -> dict[str, Interval]:
    """Device → its open interval."""
    return {interval.device: interval for interval in IDLE.select(con, "WHERE until IS NULL ORDER BY id")}


def change(con: sqlite3.Connection, device: str, cause: Cause, detail: str, at: datetime) -> None:
    """Close the device's open interval and begin the next."""
    end(con, device, at)
    IDLE.insert(con, Interval(IDLE.next_id(con), device, at, None, cause, detail))


def end(con: sqlite3.Connection, device: str, at: datetime) -> None:
    """Close the device's open interval: a run has begun, or it left the lab."""
    con.execute("UPDATE idle SET until = ? WHERE device = ? AND until IS NULL", (rows.encode(at), device))


def between(con: sqlite3.Connection, since: datetime, until: datetime) -> list[Interval]:
    """All intervals that reach into since..until, oldest first, uncut."""
    tail = "WHERE since < ? AND (until IS NULL OR until > ?) ORDER BY since, id"
    return IDLE.select(con, tail, rows.encode(until), rows.encode(since))


def newest(con: sqlite3.Connection) -> int:
    """Changes with every change of the timeline; 0 before the first."""
    return int(con.execute("SELECT coalesce(max(id), 0) FROM idle").fetchone()[0])
