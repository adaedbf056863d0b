"""The devices as lines: what runs on each, who holds it, why it idles, how much memory its last run took."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from org.dashboard.state import DeviceLine, DeviceUse
from org.model import gang
from org.model.run import Run
from org.store import idle, meta, reads, rows

DAY = timedelta(days=1)


def lines(con: sqlite3.Connection, running: Sequence[Run]) -> tuple[DeviceLine, ...]:
    """Known devices and whatever else is leased or runs, in natural order."""
    models: dict[str, str] = json.loads(meta.get(con, "device_models") or "{}")
    holders, idles, memory = reads.leases(con), idle.current(con), _memory(con)
    runs = {device: run for run in running if run.device for device in gang.members(run.device)}
    names = sorted({*models, *holders, *runs}, key=_natural)
    return tuple(DeviceLine(n, models.get(n, ""), runs.get(n), holders.get(n, ""), idles.get(n), memory.get(n)) for n in names)


def uses(con: sqlite3.Connection, now: datetime) -> tuple[DeviceUse, ...]:
    """Of every device that ran or idled in the last 24 hours."""
    first = con.execute("SELECT min(queued_at) FROM runs").fetchone()[0]
    since = max(now - DAY, datetime.fromisoformat(first)) if first else now - DAY
    busy: dict[str, float] = defaultdict(float)
    for device, begin, end in con.execute(
        "SELECT device, started_at, finished_at FROM runs WHERE device IS NOT NULL AND started_at IS NOT NULL"
        " AND (finished_at IS NULL AND state = 'running' OR finished_at > ?)", (rows.encode(since),),
    ):  # fmt: skip
        for name in gang.members(device):
            busy[name] += _within(datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else now, since, now)
    causes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for interval in idle.between(con, since, now):
        causes[interval.device][interval.cause.value] += _within(interval.since, interval.until or now, since, now)
    span = max((now - since).total_seconds(), 1.0)
    return tuple(DeviceUse(name, busy[name], span, _longest(causes[name])) for name in sorted({*busy, *causes}, key=_natural))


def _longest(seconds: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(((cause, s) for cause, s in seconds.items() if s), key=lambda pair: -pair[1]))


def _within(begin: datetime, end: datetime, since: datetime, until: datetime) -> float:
    return max((min(end, until) - max(begin, since)).total_seconds(), 0.0)


def _memory(con: sqlite3.Connection) -> dict[str, float]:
    """Device → peak memory of the newest run on it that recorded one, among the last few of the lab."""
    found: dict[str, float] = {}
    for device, peak in con.execute(
        "SELECT device, json_extract(record, '$.peak_memory_mb') FROM runs WHERE finished_at IS NOT NULL "
        "ORDER BY finished_at DESC LIMIT 64"
    ):
        for name in gang.members(device) if device and isinstance(peak, int | float) else ():
            found.setdefault(name, float(peak))
    return found


def _natural(device: str) -> tuple[str, int, str]:
    kind, _, number = device.partition(":")
    return kind, int(number) if number.isdigit() else 0, number
