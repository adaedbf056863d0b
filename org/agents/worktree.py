"""What an agent needs of git in its own worktree: handed in, so that tests and other wirings may differ (checkout.py)."""

from pathlib import Path
from typing import Protocol


class Worktree(Protocol):
    """One agent's checkout. Every method raises WorkspaceError when git says no."""

    @property
    def path(self) -> Path: ...

    def head(self) -> str:
        """The commit that is checked out."""

    def show(self, commit: str, path: str) -> str | None:
        """A file's text at a commit; None when the commit or the file is not there."""

    def commit(self, paths: tuple[str, ...], message: str) -> str:
        """Commit these paths only, in the agent's name; the new commit."""

    def restore(self, path: str) -> None:
        """Put one tracked file back to what HEAD has (`git checkout -- path`)."""

    def diff(self, base: str | None) -> str:
        """What differs from base (or from HEAD), uncommitted changes included."""
