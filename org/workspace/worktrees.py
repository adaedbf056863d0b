"""One worktree per agent. Made or adopted under the repository's lock; what is in it is never cleaned or overwritten."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from org.model.errors import WorkspaceError
from org.workspace import refs
from org.workspace.git import Git
from org.workspace.lock import held, repository
from org.workspace.unfinished import noted, undo


@dataclass(frozen=True, slots=True)
class WorktreeStatus:
    """`branch` is None when HEAD is detached. `dirty`: tracked paths that differ from the commit; `untracked`: the rest."""

    branch: str | None
    commit: str
    dirty: tuple[str, ...]
    untracked: tuple[str, ...]


def ensure(git: Git, path: Path, branch: str, start_commit: str, reason: str) -> bool:
    """Have a locked worktree at `path`. True: made, on `branch` (created at `start_commit` unless it exists already).
    False: a healthy worktree was there and is adopted as it is, whatever branch it is on by now.

    Raises WorkspaceError when `path` holds anything else, or `branch` is a person's or in use by another worktree.
    """
    refs.require_ours(branch)
    place = path.absolute()
    with held(repository(git)):
        undo(git.common_dir)
        if _adopt(git, place, reason):
            return False
        _require_free(place)
        _add(git, place, branch, start_commit, reason)
        return True


def status(path: Path) -> WorktreeStatus:
    """What a worktree has checked out and what is not committed in it. Takes no lock, so it disturbs no committer."""
    out = Git(path).run("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=none")
    return _parse(out)


def switch_new_branch(path: Path, branch: str, start_commit: str) -> None:
    """Start a new branch of the lab at `start_commit` in a worktree without uncommitted changes of tracked files.

    Again with the branch that is checked out changes nothing. Untracked files stay; nothing is ever cleaned.
    """
    refs.require_ours(branch)
    now = status(path)
    if now.branch == branch:
        return
    if now.dirty:
        listed = ", ".join(now.dirty[:8]) + (", …" if len(now.dirty) > 8 else "")
        raise WorkspaceError(
            f"{path} has changes that are not committed: {listed}; commit them (`git commit -am '…'`) "
            "or put them back (`git restore PATH`)"
        )
    git = Git(path)
    if refs.head(git, branch) is not None:
        raise WorkspaceError(f"the branch {branch} exists already; choose another name")
    git.run("switch", "--quiet", "--no-track", "-c", branch, start_commit)


def hide(path: Path, patterns: Sequence[str]) -> None:
    """Let git ignore `patterns` (as in .gitignore) without changing a tracked file.

    The repository has one info/exclude for all its worktrees, a person's included: name the lab's own files only.
    """
    git = Git(path)
    with held(repository(git)):
        file = git.common_dir / "info" / "exclude"
        file.parent.mkdir(exist_ok=True)
        old = file.read_text("utf-8") if file.exists() else ""
        new = [pattern for pattern in dict.fromkeys(patterns) if pattern not in old.splitlines()]
        if new:
            gap = "" if old.endswith("\n") or not old else "\n"
            beside = file.with_name("exclude.org-new")
            beside.write_text(old + gap + "\n".join(["# hidden by org", *new]) + "\n", "utf-8")
            os.replace(beside, file)


def _adopt(git: Git, path: Path, reason: str) -> bool:
    """True when the repository already has a worktree at `path`. A record whose folder is gone is dropped."""
    known = _known(git).get(path.resolve())
    if known is None:
        return False
    if not path.exists():
        # Twice: the record is locked, by us.
        git.run("worktree", "remove", "--force", "--force", str(path))
        return False
    answer = git.ask("rev-parse", "--show-toplevel", cwd=path)
    if answer.code != 0 or Path(answer.out.strip()) != path.resolve():
        raise WorkspaceError(f"{path} is recorded as a worktree but is none ({answer.err.strip()}); move that folder away")
    if "locked" not in known:
        git.run("worktree", "lock", "--reason", reason, str(path))
    return True


def _known(git: Git) -> dict[Path, dict[str, str]]:
    """The repository's worktrees: folder → what git says of it."""
    found = {}
    for block in git.run("worktree", "list", "--porcelain", "-z").split("\0\0"):
        said = dict(([*line.split(" ", 1), ""])[:2] for line in block.strip("\0").split("\0") if line)
        if "worktree" in said:
            found[Path(said["worktree"]).resolve()] = said
    return found


def _require_free(path: Path) -> None:
    if path.is_symlink() or path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise WorkspaceError(f"{path} holds something that is no worktree of this repository; move it away")


def _add(git: Git, path: Path, branch: str, start_commit: str, reason: str) -> None:
    used = [where for where, said in _known(git).items() if said.get("branch") == refs.full(branch)]
    if used:
        raise WorkspaceError(f"{branch} is checked out in {used[0]} already; one worktree per branch")
    path.parent.mkdir(parents=True, exist_ok=True)
    exists = refs.head(git, branch) is not None
    start = refs.resolve(git, start_commit)
    where = [str(path), branch] if exists else ["--no-track", "-b", branch, str(path), start]
    with noted(git.common_dir, path):
        # Without --no-track and the lock, parallel adds fail on config.lock or leave an empty commondir (git 2.39).
        git.run("worktree", "add", "--quiet", "--lock", "--reason", reason, *where, timeout=600)


def _parse(out: str) -> WorktreeStatus:
    branch, commit, dirty, untracked = None, "", [], []
    fields = iter(out.split("\0"))
    for line in fields:
        match line[:2]:
            case "# ":
                key, value = line[2:].split(" ", 1)
                commit = value if key == "branch.oid" else commit
                branch = value if key == "branch.head" and value != "(detached)" else branch
            case "1 ":
                dirty.append(line.split(" ", 8)[8])
            case "2 ":
                dirty += [line.split(" ", 9)[9], next(fields)]
            case "u ":
                dirty.append(line.split(" ", 10)[10])
            case "? ":
                untracked.append(line[2:])
    return WorktreeStatus(branch, commit, tuple(sorted(dirty)), tuple(sorted(untracked)))
