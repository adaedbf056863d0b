"""Process groups that we started. The only psutil import; ends groups by their id, never by name."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from org.store import atomic

SAME_START_SECONDS = 2.0  # the clock that psutil derives start times from may drift between two readings


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    started: float


def identify(pid: int) -> Identity | None:
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(who: Identity) -> bool:
    try:
        process = psutil.Process(who.pid)
        same = abs(process.create_time() - who.started) < SAME_START_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def has_group(leader: Identity) -> bool:
    """Whether the process group that leader started has living members; the leader itself may be gone before them.

    No process takes the number of a group that still has members. A living process with the leader's number that
    started at another time is somebody else's, and then so is the group.
    """
    try:
        process = psutil.Process(leader.pid)
        if abs(process.create_time() - leader.started) >= SAME_START_SECONDS:
            return False
    except psutil.NoSuchProcess:
        pass
    return bool(_members(leader.pid))


def remember(path: Path, who: Identity) -> None:
    atomic.write_json(path, {"pid": who.pid, "started": who.started})


def recall(path: Path) -> Identity | None:
    if not path.exists():
        return None
    value = atomic.read_json(path)
    return Identity(int(value["pid"]), float(value["started"]))


def group_cpu_seconds(group: int) -> float:
    """User and system seconds of the living members of a process group, their reaped children included."""
    total = 0.0
    for process in _members(group):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def end_group(group: int, grace_seconds: float = 5.0) -> None:
    """SIGTERM, then SIGKILL, to a process group that we started; returns when it is gone."""
    for sig, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(group, sig)
        except (ProcessLookupError, PermissionError):
            return
        if _gone(group, seconds):
            return


def _gone(group: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _members(group):
            return True
        time.sleep(0.05)
    return False


def _members(group: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
