"""The device timeline: what every device does, and why one idles, from the founding of the lab on.

A run's row says when a device was busy with what; here is the rest of the time, one interval for each cause, written when
the cause changes and never for a tick. Nothing is kept in memory: after a kill the next supervisor closes what the last one
left open. A run that went on without it keeps its device busy to the run's own end; the rest of the gap is `supervisor
down`, or `stopped` after a stop.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

from org.lab.devices import causes as timeline_causes
from org.lab.devices.causes import Reason
from org.lab.devices.reading import GAP
from org.lab.lab import Lab
from org.model import gang
from org.model.idle import Cause, Interval
from org.model.run import Run
from org.store import idle
from org.store.tables import RUNS

WHOSE = frozenset({Cause.TRY, Cause.FOREIGN})  # causes with another interval for another holder


def step(lab: Lab, now: datetime, ticked_at: datetime | None, strangers: Mapping[str, str]) -> list[str]:
    """Bring the timeline up to date. ticked_at: the supervisor's tick before this one. strangers: device → who else computes
    on it. Returns the devices whose interval changed."""
    running = timeline_causes.running(lab)
    found = timeline_causes.of_idle(lab, running, strangers, now)
    before = idle.current(lab.ledger.reader)
    left_at = ticked_at if ticked_at is not None and now - ticked_at > GAP else None
    changed = [device for device, reason in found.items() if _is_news(before.get(device), reason)]
    ended = [device for device in before if device not in found]
    if not (changed or ended or left_at):
        return []
    with lab.ledger.transaction() as tx:
        for device in found:
            if left_at is not None and _note_absence(tx, device, before.get(device), left_at, now) and device not in changed:
                changed.append(device)
        for device in ended:
            idle.end(tx, device, _begun(running, before[device], now))
        for device in changed:
            idle.change(tx, device, *found[device], now)
    return [*ended, *changed]


def _is_news(before: Interval | None, reason: Reason) -> bool:
    """Details change all the time (minutes, amounts); only those that say whose it is are another interval."""
    cause, detail = reason
    return before is None or before.cause is not cause or (cause in WHOSE and before.detail != detail)


def _note_absence(con: sqlite3.Connection, device: str, before: Interval | None, left_at: datetime, now: datetime) -> bool:
    """Of a device that has no run now: since when nobody was there to give it one. False where nothing is to be noted."""
    if before is None:
        last = _last_run(con, device)
        if last is None:  # it is new in the lab
            return False
        at, cause = max(left_at, _real_end(last)), Cause.DOWN
    else:
        at, cause = max(left_at, before.since), Cause.DOWN
        if before.cause in (Cause.STOPPING, Cause.STOPPED):
            cause = Cause.STOPPED
    if at >= now:
        return False
    idle.change(con, device, cause, "", at)
    return True


def _last_run(con: sqlite3.Connection, device: str) -> Run | None:
    kind = device.partition(":")[0]
    tail = "WHERE device LIKE ? AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 100"
    return next((run for run in RUNS.select(con, tail, f"{kind}:%") if device in gang.members(run.device)), None)


def _real_end(run: Run) -> datetime:
    """When a run left its device; the ledger's time is when somebody looked."""
    assert run.finished_at is not None and run.started_at is not None
    if run.total_seconds is None:
        return run.started_at
    return min(run.finished_at, run.started_at + timedelta(seconds=run.total_seconds))


def _begun(running: Mapping[str, Run], before: Interval, now: datetime) -> datetime:
    """When an interval ended: at its run's own start, which a kill may have put before this tick."""
    run = running.get(before.device)
    started = now if run is None or run.started_at is None else min(run.started_at, now)
    return max(started, before.since)
