"""Follows one lab: every look is a LabState, whatever happens to the ledger or its folder. One thread uses it."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from org.dashboard import notes, progress, snapshot
from org.dashboard.snapshot import Reader
from org.dashboard.state import HowFar, LabState, Level, Note, Setting, StandupLine, Wanted
from org.model.errors import LedgerError, OrgError
from org.science import protocol
from org.science.protocol import Protocol
from org.store import ledger, reads
from org.store.layout import Layout
from org.store.ledger import Ledger

BUSY_MILLISECONDS = 2000  # a reader in WAL mode hardly ever waits; when it must, say so soon
STANDUP_COUNT = 400
LIMITS = {"device_hours": "device-hours", "tokens": "tokens", "dollars": "dollars"}
# What a damaged or foreign ledger makes of a read: SQLite's own errors, unknown enum values, bad JSON, missing columns.
READ_ERRORS = (OrgError, sqlite3.Error, OSError, ValueError, LookupError, TypeError)


class Follower:
    """look() never raises for what can be wrong with files; it keeps the last good frame and says what is wrong."""

    def __init__(self, path: Path, layout: Layout, config: Mapping[str, Any], clock: Callable[[], datetime]) -> None:
        self._path, self._layout, self._clock = path, layout, clock
        self._ledger: Ledger | None = None
        self._inode = self._version = self._schema = -1
        self._reader, self._wanted = Reader(), Wanted()
        self._frame = LabState(setting=setting_of(config), lab=str(config.get("lab", "")))

    def look(self, with_progress: bool = True, wanted: Wanted = Wanted()) -> LabState:  # noqa: B008
        """The newest frame; the same object when nothing changed. with_progress: ask also how far the runs are. wanted: what
        is being looked at."""
        now = self._clock()
        try:
            self._follow_file()
            seen = self._read(now, wanted)
            how_far = self._progress(seen) if with_progress else self._frame.progress
            seen = replace(seen, progress=how_far, standups=standups_of(self._layout), notes=notes.of(seen, now))
        except READ_ERRORS as error:
            self.close()
            seen = replace(self._frame, connected=False, notes=(self._trouble(error),))
        if seen != self._frame:
            self._frame = snapshot.keep_identity(self._frame, seen)
        return self._frame

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._ledger, self._version, self._reader = None, -1, Reader()

    def _follow_file(self) -> None:
        """Open the ledger, again when another file took its place. SQLite itself would read a deleted file on."""
        inode = os.stat(self._path).st_ino if self._path.exists() else -1
        if self._ledger is None or inode != self._inode:
            self.close()
            self._ledger, self._inode = ledger.open_existing(self._path), inode
            self._ledger.reader.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            self._schema = _schema(self._ledger)

    def _read(self, now: datetime, wanted: Wanted) -> LabState:
        assert self._ledger is not None
        version = self._ledger.version()
        if version == self._version and wanted == self._wanted:
            return self._frame
        if _schema(self._ledger) != self._schema:  # another org brought it up while it was open here
            ledger.open_existing(self._path).close()  # or says what it is now
            self._schema = _schema(self._ledger)
        applied = reads.config(self._ledger.reader)  # `org start` may have applied an edited one since
        setting = setting_of(applied) if applied else self._frame.setting
        seen = self._reader.read(self._ledger.reader, setting, now, wanted)
        self._version, self._wanted = version, wanted
        return seen

    def _progress(self, seen: LabState) -> dict[str, HowFar]:
        runs = [d.run for d in seen.devices if d.run] + [a.run for a in seen.agents if a.run]
        found = {r.id: progress.of_file(self._layout.run(r.id) / "metrics.jsonl", r.budget) for r in runs}
        return {run: p for run, p in found.items() if p is not None}

    def _trouble(self, error: Exception) -> Note:
        if not self._path.parent.exists():
            return Note(
                Level.ERROR, f"The lab's folder is gone or not made yet; make a lab with `org start`. ({self._path.parent})"
            )
        if isinstance(error, OrgError):
            return Note(Level.WARNING if not self._path.exists() else Level.ERROR, str(error))
        if isinstance(error, sqlite3.Error):
            return Note(Level.ERROR, str(told(self._path, error)))
        return Note(
            Level.ERROR,
            f"{self._path.name} holds something this org cannot read ({error}); was it written by another version?",
        )


def _schema(book: Ledger) -> int:
    return int(book.reader.execute("PRAGMA user_version").fetchone()[0])


def told(path: Path, error: sqlite3.Error) -> LedgerError:
    """A reader's error of SQLite in the words of a person."""
    text = str(error)
    if "locked" in text:
        return LedgerError(f"{path.name} is locked by another program; what you see is the last that was read")
    if "malformed" in text or "not a database" in text:
        return LedgerError(f"{path.name} is damaged ({text}); keep it, and restore a copy beside it before `org start`")
    return LedgerError(f"{path.name}: {text}")


def setting_of(config: Mapping[str, Any]) -> Setting:
    """What the dashboard needs of the config; every key may be missing."""
    task, limits = config.get("task") or {}, config.get("limits") or {}
    name = (config.get("standup") or {}).get("timezone") or "UTC"
    try:
        zone = ZoneInfo(str(name))
    except (ValueError, LookupError, OSError):
        zone = ZoneInfo("UTC")
    return Setting(
        metric=str(task.get("metric") or "metric"),
        higher_is_better=str(task.get("direction", "")).lower() in ("max", "maximize", "higher", "up"),
        protocol=_protocol(config.get("protocol") or {}),
        limits=tuple((what, float(limits[key])) for key, what in LIMITS.items() if limits.get(key)),
        device_dollars=config.get("device_dollars_per_hour"),
        rungs=tuple(_rung(rung) for rung in task.get("ladder") or ()),
        zone=zone,
    )


def _protocol(config: Mapping[str, Any]) -> Protocol:
    """The rules of the config's preset; those of the default where this org does not know it."""
    known = config.get("preset") in ("explore", "default", "strict")
    return protocol.preset(config["preset"]) if known else Protocol()


def _rung(rung: Mapping[str, Any]) -> str:
    """`depth 12, 8e15flop, 8 devices`."""
    devices = int(rung.get("devices") or 1)
    parts = [f"depth {rung['depth']}" if rung.get("depth") else "", str(rung.get("run_budget", "")), f"{devices} devices"]
    return ", ".join(part for part in parts[: 3 if devices > 1 else 2] if part)


def standups_of(layout: Layout) -> tuple[StandupLine, ...]:
    """Days with a page, newest first."""
    if not layout.standups.is_dir():
        return ()
    pages = sorted(layout.standups.glob("????-??-??.md"), reverse=True)[:STANDUP_COUNT]
    return tuple(StandupLine(page.stem, page.stat().st_mtime_ns) for page in pages)
