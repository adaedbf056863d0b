"""The worktree of an agent, on the workspace's git: what `worktree.Worktree` asks for."""

from collections.abc import Mapping
from pathlib import Path

from org.workspace.git import Git


class Checkout:
    """One worktree. identity: the GIT_AUTHOR_* and GIT_COMMITTER_* of its agent."""

    def __init__(self, path: Path, identity: Mapping[str, str]) -> None:
        self._git = Git(path)
        self._identity = dict(identity)

    @property
    def path(self) -> Path:
        return self._git.root

    def head(self) -> str:
        return self._git.run("rev-parse", "HEAD")

    def show(self, commit: str, path: str) -> str | None:
        found = self._git.ask("cat-file", "blob", f"{commit}:{path}")
        return found.out if found.code == 0 else None

    def commit(self, paths: tuple[str, ...], message: str) -> str:
        self._git.run("add", "--", *paths)
        self._git.run("commit", "--quiet", "--only", "--file", "-", "--", *paths, input=message, env=self._identity)
        return self.head()

    def restore(self, path: str) -> None:
        self._git.run("checkout", "HEAD", "--", path)

    def diff(self, base: str | None) -> str:
        return self._git.run("diff", "--no-ext-diff", "--no-color", base or "HEAD", "--")
