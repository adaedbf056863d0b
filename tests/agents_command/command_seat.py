"""A seat whose worktree is one of a real repository."""

import subprocess
from pathlib import Path

from org.agents.backend import Seat


def repository(seat: Seat, *tracked: str) -> None:
    """Make the seat's repository with these files in its first commit, its worktree, and its role."""
    git(Path("/"), "init", "-q", "-b", "main", str(seat.root))
    for name in tracked:
        (seat.root / name).write_text("the person's own\n")
    git(seat.root, "add", "-A")
    git(seat.root, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", "root")
    git(seat.root, "worktree", "add", "-q", "-b", seat.agent, str(seat.worktree))
    seat.prompt.parent.mkdir(parents=True, exist_ok=True)
    seat.prompt.write_text(f"You are {seat.agent}.\n")


def git(cwd: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout
