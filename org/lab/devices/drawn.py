"""The timeline as org.plots draws it: what a device did, in a few kinds, and why it did nothing. Reads only."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from org.lab.devices import reading
from org.lab.devices.reading import DeviceTime
from org.plots.devices import Idle, Row, Stretch, Timeline, Use, joined
from org.store import rows

SPAN = timedelta(hours=24)  # when nobody says since when
COLUMNS = 600  # runs closer together than one of these are drawn as one
USES = {
    "race": Use.RACE, "re-check": Use.RACE, "baseline": Use.BASELINE, "screen baseline": Use.BASELINE,
    "fresh seed": Use.FRESH, "screen": Use.SCREEN,
}  # fmt: skip


def timeline(con: sqlite3.Connection, devices: Sequence[str], now: datetime, since: datetime | None = None) -> Timeline:
    """Of these devices and of any other that did something. since: default a day; less when the lab is younger; at least a
    minute."""
    begin, began = since or now - SPAN, reading.began(con)
    since = min(max(begin, began or begin), now - timedelta(minutes=1))
    times = reading.read(con, devices, since, now)
    query = "SELECT id FROM runs WHERE state NOT IN ('succeeded', 'running') AND finished_at > ?"
    ended = con.execute(query, (rows.encode(since),))
    lost = {str(row[0]) for row in ended}
    known = [_row(time, lost, (now - since) / COLUMNS) for time in times if time.stretches]
    return Timeline(since, now, tuple(known), reading.of_all(times).busy_share)


def _row(time: DeviceTime, lost: Collection[str], gap: timedelta) -> Row:
    used = [Stretch(s.begin, s.end, _use(s, lost), 1) for s in time.stretches if s.is_use]
    idle = tuple(Idle(s.begin, s.end, s.cause.value) for s in time.stretches if not s.is_use and s.cause is not None)
    return Row(time.device, joined(used, gap), idle, time.busy_share)


def _use(stretch: reading.Stretch, lost: Collection[str]) -> Use:
    if stretch.purpose is None:
        return Use.TRY
    return Use.LOST if stretch.subject in lost else USES.get(stretch.purpose, Use.STUDY)
