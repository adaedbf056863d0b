"""Labs that were founded once for all tests of a process, and copied for each: a copy costs files, founding costs git.

The few files that say where a lab lies are written anew in a copy. Run folders keep what their runs were told.
"""

import contextlib
import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from pathlib import Path

from org.store import rows
from org.store.layout import Layout

# The columns that founding writes the time into. The ledger's events, never changed, keep theirs: it was founded before.
FOUNDED = {"agents": ("state_since", "control_since"), "programs": ("created_at", "opened_at")}


@functools.cache
def _shelf() -> tempfile.TemporaryDirectory[str]:
    """Where the first ones stand until the process ends."""
    return tempfile.TemporaryDirectory(prefix="org-founded-", ignore_cleanup_errors=True)


_first: dict[Hashable, Path] = {}


def copied(root: Path, key: Hashable, live: Callable[[Path], None]) -> Layout:
    """Have the lab of that key at `root`. live: makes the first one in the folder it is given, leaves its ledger closed and
    nothing running."""
    if key not in _first:
        first = Path(tempfile.mkdtemp(dir=Path(_shelf().name).resolve())) / "repository"  # as git will call it
        live(first)
        assert os.fsencode(first) not in (first / "comms" / "ledger.db").read_bytes(), "a copy's ledger would point at the first"
        _first[key] = first
    first = _first[key]
    shutil.copytree(first, root, symlinks=True, ignore=shutil.ignore_patterns("*.sample"))  # git's hooks that nobody wrote
    _moved(first, root)
    return Layout(root, root / "comms", root / "worktrees")


def _moved(first: Path, root: Path) -> None:
    """Say the new place where the old one was said: in each worktree, in the repository's note of it, in lab.json."""
    said = [*root.glob("worktrees/*/.git"), *root.glob(".git/worktrees/*/gitdir"), root / "comms" / "lab.json"]
    for file in said:
        file.write_text(file.read_text("utf-8").replace(str(first), str(root)), "utf-8")


def begin(ledger: Path) -> None:
    """Whatever began when the lab was founded begins now."""
    now = {"now": rows.encode(datetime.now(UTC))}
    with contextlib.closing(sqlite3.connect(ledger)) as book:
        book.execute("PRAGMA synchronous = OFF")
        for table, columns in FOUNDED.items():
            book.execute(f"UPDATE {table} SET " + ", ".join(f"{column} = :now" for column in columns), now)
        book.commit()
