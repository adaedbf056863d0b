"""One supervisor per lab, by flock. Apart from the loop, because every verb asks whether somebody is in the office."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from org.model.errors import OrgError


@contextmanager
def single(lock: Path) -> Iterator[None]:
    """Only one supervisor per lab, by flock; OrgError names the one that holds it."""
    descriptor = _opened(lock)
    try:
        if not _taken(descriptor):
            holder = os.pread(descriptor, 32, 0).decode().strip()
            raise OrgError(f"a supervisor of this lab runs already (process {holder})")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_running(lock: Path) -> bool:
    """Whether some process holds the supervisor's lock. Whoever asks leaves no trace in it."""
    descriptor = _opened(lock)
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def _opened(lock: Path) -> int:
    lock.parent.mkdir(parents=True, exist_ok=True)
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
