"""Processes that we started, found by their group, by whose descendants they are, and by a mark in their environment.
Ended by their ids, never by name; psutil refuses to signal another process that took over a number.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from org.store import atomic

MARK = "ORG_RUN"  # in the environment of everything that a run starts
KILL_SECONDS = 10.0
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
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


def family(pid: int) -> list[Identity]:
    """A process and its children; [] when it is gone."""
    try:
        pids = (pid, *(child.pid for child in psutil.Process(pid).children()))
    except psutil.NoSuchProcess:
        return []
    return [who for each in pids if (who := identify(each)) is not None]


def members(group: int) -> int:
    """How many living processes are in a group; a zombie is none."""
    try:
        os.killpg(group, 0)  # cheap, and most groups are empty
    except ProcessLookupError:
        return 0
    except PermissionError:
        pass
    return len(_members(group))


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


def mark(folder: Path) -> dict[str, str]:
    """The variable that tells the processes of the run in this folder from all others of the host."""
    return {MARK: os.path.realpath(folder)}


def adopt_orphans() -> None:
    """From now on what our descendants leave behind becomes our child and not init's, whatever it did to its session or
    its environment. Linux only; elsewhere the mark is all there is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """Ids of our living descendants."""
    return {process.pid for process in _descendants()}


def descendants_cpu_seconds() -> float:
    """User and system seconds of our living descendants and of what they started and outlived."""
    total = 0.0
    for process in _descendants():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)  # not on macOS
    return total


def end_descendants(folder: Path, grace_seconds: float) -> None:
    """End everything that this process started and everything else that carries the mark of its run."""
    _end(lambda: [*_descendants(), *_marked(folder)], grace_seconds)


def end_marked(folder: Path, grace_seconds: float = 5.0) -> bool:
    """End what carries the mark of the run in this folder. True when there was anything."""
    return _end(lambda: _marked(folder), grace_seconds)


def family_cpu_seconds(pid: int) -> float:
    """User and system seconds of a living process and its living descendants; 0 when it is gone."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        head = psutil.Process(pid)
        for process in (head, *head.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def works_in(name: str, folders: Sequence[Path]) -> bool:
    """Whether a process of this name has its current folder in one of these. It is only looked at, never signalled."""
    for process in psutil.process_iter(["name", "cwd"]):
        cwd = process.info["cwd"]
        if process.info["name"] == name and cwd and any(Path(cwd).is_relative_to(folder) for folder in folders):
            return True
    return False


def end_group(group: int, grace_seconds: float = 5.0) -> None:
    """SIGTERM, then SIGKILL, to a process group that we started; returns when it is gone."""
    for sig, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(group, sig)
        except (ProcessLookupError, PermissionError):
            return
        if _gone(group, seconds):
            return


def _end(find: Callable[[], list[psutil.Process]], grace_seconds: float) -> bool:
    """SIGTERM once to each, then SIGKILL until none is found: one that ends may have started another. Whether any was."""
    told: set[psutil.Process] = set()
    for sig, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, KILL_SECONDS)):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            left = find()
            if not left:
                return bool(told)
            for process in left:
                if sig is signal.SIGKILL or process not in told:
                    with contextlib.suppress(psutil.Error):
                        process.send_signal(sig)
            told.update(left)
            time.sleep(0.02)
    return bool(told)


def _descendants() -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return [child for child in psutil.Process().children(recursive=True) if _is_running(child)]
    return []


def _marked(folder: Path) -> list[psutil.Process]:
    """Living processes with the run's mark, us left out. Other people's cannot be looked into, and are not ours."""
    wanted, found = mark(folder)[MARK], []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == wanted and _is_running(process):
                found.append(process)
    return found


def _is_running(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


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
