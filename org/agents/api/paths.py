"""Which files the agent's own tools may touch. Checked on the real path, after every link was followed."""

from dataclasses import dataclass
from pathlib import Path

from org.model.errors import OrgError


class NotAllowed(OrgError):
    """A path leads to where the tool must not go."""


@dataclass(frozen=True, slots=True)
class Places:
    """worktree: read and written. shown: folders beside it that may be read (the lab's notebook, runs, letters)."""

    worktree: Path
    shown: tuple[Path, ...] = ()

    def readable(self, path: str) -> Path:
        """The real path of something that may be read; a relative one starts at the worktree."""
        real = self._real(path)
        if not any(real.is_relative_to(folder.resolve()) for folder in (self.worktree, *self.shown)):
            raise NotAllowed(f"{path} is outside of your worktree; you may read {self._named()}")
        return real

    def writable(self, path: str) -> Path:
        """The real path of a file that may be written: inside the worktree and not git's own."""
        real = self._real(path)
        root = self.worktree.resolve()
        if not real.is_relative_to(root) or real == root:
            raise NotAllowed(f"{path} leads outside of your worktree {self.worktree}; only files in it may be written")
        if ".git" in real.relative_to(root).parts:
            raise NotAllowed(f"{path} belongs to git; use git commands")
        return real

    def _real(self, path: str) -> Path:
        if "\0" in path or not path.strip():
            raise NotAllowed("give the path of a file")
        try:
            return (self.worktree / path).resolve()
        except (OSError, RuntimeError) as error:  # a loop of links
            raise NotAllowed(f"{path} cannot be followed: {error}") from error

    def _named(self) -> str:
        return ", ".join(str(folder) for folder in (self.worktree, *self.shown))
