"""An advisory file lock. It is gone with its holder, whatever ends it; waiting has a deadline."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from org.model.errors import WorkspaceError
from org.workspace.git import Git


@contextmanager
def held(path: Path, timeout: float = 60) -> Iterator[int]:
    """Hold the lock of the file at `path` (made if missing) and give its descriptor. Not re-entrant.

    Raises WorkspaceError when another holder keeps it for longer than `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            _wait(descriptor, path, deadline)
            if _still_there(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def repository(git: Git) -> Path:
    """The file whose lock serializes what the lab does to a repository's worktrees and shared files."""
    return git.common_dir / "org.lock"


def _wait(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise WorkspaceError(f"{path} is held by another process; look for a second `org` in this lab") from None
            time.sleep(0.02)


def _still_there(descriptor: int, path: Path) -> bool:
    """False when the holder before us removed the file: its name may already lead to another lock."""
    try:
        return os.stat(path).st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
