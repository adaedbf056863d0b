"""The device timeline, read: stretches of use and of idleness, shares, idle hours by cause. Reads only."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from org.model import gang
from org.model.idle import Cause, Interval
from org.model.run import Purpose, Run, State
from org.store import idle, meta, rows
from org.store.tables import RUNS, STUDIES

PURPOSES = {
    Purpose.RACE: "race", Purpose.RECHECK: "re-check", Purpose.POOL: "baseline", Purpose.FRESH: "fresh seed",
    Purpose.SCREEN: "screen", Purpose.SCREEN_POOL: "screen baseline",
}  # fmt: skip
GAP = timedelta(seconds=20)  # without a tick, from which on the office counts as down; a slow step takes less
UNWANTED = frozenset({Cause.STOPPED})  # nobody wanted the device: neither busy nor idle


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a device did for some time. purpose: of its run (`race`, `certificate` …); None while it had none, and then cause
    says why. subject: the run, or the cause's detail."""

    begin: datetime
    end: datetime
    purpose: str | None
    cause: Cause | None
    subject: str = ""

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()

    @property
    def is_use(self) -> bool:
        return self.purpose is not None or self.cause is Cause.TRY


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """One device over a stretch of time. busy_seconds and idle_seconds leave out what is not known and what nobody wanted."""

    device: str
    stretches: tuple[Stretch, ...]
    busy_seconds: float
    idle_seconds: dict[Cause, float]

    @property
    def busy_share(self) -> float | None:
        """None where nothing is known."""
        known = self.busy_seconds + sum(self.idle_seconds.values())
        return self.busy_seconds / known if known > 0 else None


def read(con: sqlite3.Connection, devices: Sequence[str], since: datetime, until: datetime) -> list[DeviceTime]:
    """These devices, in their order, and then any other that did something in that time."""
    found: dict[str, list[Stretch]] = {device: [] for device in devices}
    kinds = {study.id: study.kind.value for study in STUDIES.select(con)}
    left_at = _left_at(con, until)
    for interval in idle.between(con, since, until):
        found.setdefault(interval.device, []).extend(_gaps(interval, since, until, left_at))
    for run in _runs(con, since, until):
        for device in gang.members(run.device):
            found.setdefault(device, []).append(_use(run, kinds, since, until))
    return [_device(device, stretches) for device, stretches in found.items()]


def of_all(times: Sequence[DeviceTime]) -> DeviceTime:
    """All devices together, without their stretches."""
    total: Counter[Cause] = Counter()
    for time in times:
        total.update(time.idle_seconds)
    return DeviceTime("all", (), sum(time.busy_seconds for time in times), dict(total.most_common()))


def purpose_of(run: Run, kinds: Mapping[str, str]) -> str:
    """What a run is for, in a word. kinds: study → its kind."""
    return PURPOSES.get(run.purpose) or kinds.get(run.study or "", "study")


def began(con: sqlite3.Connection) -> datetime | None:
    """Since when the timeline is kept."""
    first = con.execute("SELECT min(since) FROM idle").fetchone()[0]
    started = con.execute("SELECT min(started_at) FROM runs").fetchone()[0]
    return min((datetime.fromisoformat(at) for at in (first, started) if at), default=None)


def _runs(con: sqlite3.Connection, since: datetime, until: datetime) -> list[Run]:
    tail = "WHERE device IS NOT NULL AND started_at < ? AND (finished_at > ? OR state = ?) ORDER BY started_at"
    return RUNS.select(con, tail, rows.encode(until), rows.encode(since), State.RUNNING.value)


def _gaps(interval: Interval, since: datetime, until: datetime, left_at: datetime | None) -> list[Stretch]:
    """The interval within that time; one that nobody has followed since is known only as long as somebody did."""
    cause, end = interval.cause, until if interval.until is None else min(interval.until, until)
    if left_at is None or interval.until is not None:
        return [Stretch(max(interval.since, since), end, None, cause, interval.detail)]
    left = max(left_at, interval.since)
    after = Cause.STOPPED if cause is Cause.STOPPING else Cause.DOWN
    return [
        Stretch(max(interval.since, since), left, None, cause, interval.detail), Stretch(max(left, since), until, None, after),
    ]  # fmt: skip


def _left_at(con: sqlite3.Connection, now: datetime) -> datetime | None:
    """The supervisor's last tick, when that is long ago; None while it is there."""
    seen = meta.get(con, "supervisor_seen_at")
    at = datetime.fromisoformat(seen) if seen else None
    return at if at is not None and now - at > GAP else None


def _use(run: Run, kinds: Mapping[str, str], since: datetime, until: datetime) -> Stretch:
    assert run.started_at is not None
    end = until if run.finished_at is None else min(run.finished_at, until)
    return Stretch(max(run.started_at, since), end, purpose_of(run, kinds), None, run.id)


def _device(device: str, stretches: list[Stretch]) -> DeviceTime:
    """A run whose end was seen late, after a gap without a supervisor, ends where the gap begins."""
    ordered = sorted(stretches, key=lambda s: (s.begin, s.is_use))
    cut = [s if not s.is_use else _before_gap(s, ordered) for s in ordered]
    whole = tuple(s for s in cut if s.seconds > 0)
    idle_seconds: Counter[Cause] = Counter()
    for s in whole:
        if s.cause is not None and not s.is_use and s.cause not in UNWANTED:
            idle_seconds[s.cause] += s.seconds  # type: ignore[assignment]
    return DeviceTime(device, whole, sum(s.seconds for s in whole if s.is_use), dict(idle_seconds.most_common()))


def _before_gap(use: Stretch, ordered: Sequence[Stretch]) -> Stretch:
    gaps = (s.begin for s in ordered if s.cause in (Cause.DOWN, Cause.STOPPED) and use.begin <= s.begin < use.end)
    return Stretch(use.begin, min(gaps, default=use.end), use.purpose, use.cause, use.subject)
