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
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode().strip()
        os.close(descriptor)
        raise OrgError(f"a supervisor of this lab runs already (process {holder})") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)


def is_running(lock: Path) -> bool:
    """Whether some process holds the supervisor's lock."""
    try:
        with single(lock):
            return False
    except OrgError:
        return True
