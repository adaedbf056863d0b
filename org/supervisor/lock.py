"""One supervisor per lab, by flock. Apart from the loop, because every verb asks whether somebody is in the office."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from org.model.errors import OrgError

PATIENCE_SECONDS = 2.0  # a verb that looks whether somebody is here shares the lock for a moment


@contextmanager
def single(lock: Path, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Only one supervisor per lab, by flock; OrgError names the one that holds it. patience: seconds."""
    descriptor = _opened(lock)
    try:
        until = time.monotonic() + patience
        while not (taken := _taken(descriptor, fcntl.LOCK_EX)) and time.monotonic() < until:
            time.sleep(0.02)
        if not taken:
            holder = os.pread(descriptor, 32, 0).decode().strip()
            raise OrgError(f"a supervisor of this lab runs already (process {holder})")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_running(lock: Path) -> bool:
    """Whether a supervisor holds the lock. Whoever asks leaves no trace in it, and several may ask at once."""
    descriptor = _opened(lock)
    try:
        return not _taken(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _opened(lock: Path) -> int:
    lock.parent.mkdir(parents=True, exist_ok=True)
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _taken(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
