"""The note that says which worktree is being made. Whoever finds it knows that the maker died, and that nobody has
worked there yet: the half-made worktree may be taken away whole."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from org.model.errors import WorkspaceError


@contextmanager
def noted(common: Path, path: Path) -> Iterator[None]:
    """Keep the note while the body makes a worktree at `path`; it stays behind when the body fails or dies."""
    note = _note(common)
    beside = note.with_suffix(".new")
    beside.write_text(json.dumps({"schema": 1, "path": str(path)}), "utf-8")
    os.replace(beside, note)
    yield
    note.unlink()


def undo(common: Path) -> list[str]:
    """Take away the worktree that was being made when its maker died. The caller holds the repository's lock."""
    note = _note(common)
    if not note.exists():
        return []
    try:
        path = Path(json.loads(note.read_text("utf-8"))["path"])
    except (ValueError, KeyError, TypeError) as bad:
        raise WorkspaceError(f"{note} cannot be read ({bad}); look at `git worktree list`, then remove that file") from bad
    for entry in entries(common):
        if _is_of(entry, path):
            shutil.rmtree(entry)
    if path.exists():
        shutil.rmtree(path)
    note.unlink()
    return [f"removed the half-made worktree {path}"]


def entries(common: Path) -> list[Path]:
    """git's own folders about the linked worktrees."""
    folder = common / "worktrees"
    return sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def content(entry: Path, name: str) -> str:
    """What one of git's small files says, "" when it is missing or empty."""
    file = entry / name
    return file.read_text("utf-8", "surrogateescape").strip() if file.is_file() else ""


def _note(common: Path) -> Path:
    return common / "org-adding.json"


def _is_of(entry: Path, path: Path) -> bool:
    gitdir = content(entry, "gitdir")
    if gitdir:
        return Path(gitdir).parent.resolve() == path.resolve()
    named_after = re.fullmatch(re.escape(path.name) + r"\d*", entry.name) is not None
    return named_after and not (entry / "index").exists()  # killed before git wrote where the worktree is
