"""The role for a program that reads a file of its own name (AGENTS.md, GEMINI.md) in its folder, which is a worktree.

The file is a link to the role, hidden from git by the repository's info/exclude. A file that is tracked or was there is
never touched: then the opening prompt tells where the role is. info/exclude holds for the main worktree too, so a person
who wants such a file in the repository has to `git add -f` it.
"""

import os
from pathlib import Path

from org.agents.backend import Seat
from org.workspace.git import Git


def place(seat: Seat, name: str) -> bool:
    """Put the link there; whether it is there now."""
    target = seat.worktree / name
    if placed(seat, name):
        return True
    git = Git(seat.worktree)
    if os.path.lexists(target) or git.ask("ls-files", "--error-unmatch", "--", name).code == 0:
        return False
    _exclude(git, name)
    if git.ask("check-ignore", "--quiet", "--", name).code != 0:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(seat.prompt.absolute())
    return True


def placed(seat: Seat, name: str) -> bool:
    """Whether our link is there."""
    target = seat.worktree / name
    return target.is_symlink() and Path(os.readlink(target)) == seat.prompt.absolute()


def _exclude(git: Git, name: str) -> None:
    path, line = git.common_dir / "info" / "exclude", f"/{name}"
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    if line not in old.splitlines():
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if not old or old.endswith("\n") else "\n") + line + "\n")
