"""What a commit range changed, and why a proposal is refused. A rename counts as one deletion and one addition."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal, cast

from org.model.errors import WorkspaceError
from org.workspace.git import Git
from org.workspace.worktrees import WorktreeStatus

Status = Literal["A", "M", "D", "T"]
SYMLINK, SUBMODULE = "120000", "160000"
_WORDS = {"A": "added", "M": "changed", "D": "deleted", "T": "changed in kind"}


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs. `mode` is git's mode after the change, or before it for a deletion. sha, was: the file after
    and before; zeros where there is none."""

    path: str
    status: Status
    mode: str
    sha: str = ""
    was: str = ""


def changes(git: Git, base: str, tip: str) -> list[Change]:
    """Every path whose content, mode or kind differs between two commits or trees, in git's order."""
    out = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options", base, tip)
    fields = out.split("\0")[:-1]
    return [_change(about, path) for about, path in zip(fields[::2], fields[1::2], strict=True)]


def _change(about: str, path: str) -> Change:
    before, after, was, sha, status = about.removeprefix(":").split(" ")
    return Change(path, cast(Status, status[0]), before if status[0] == "D" else after, sha, was)


def is_editable(path: str, editable: Sequence[str], protected: Sequence[str] = ()) -> bool:
    """Whether agents may change `path`. Files that steer git itself (.gitattributes, …) are never editable."""
    if any(part.startswith(".git") for part in PurePosixPath(path).parts):
        return False
    return _matches(path, editable) and not _matches(path, protected)


def refusals(
    changed: Iterable[Change],
    editable: Sequence[str],
    worktree_status: WorktreeStatus | None = None,
    protected: Sequence[str] = (),
) -> list[str]:
    """One sentence for each thing that keeps a proposal out, each with its path. Empty: nothing is in the way."""
    found = [sentence for change in changed if (sentence := _refusal(change, editable, protected))]
    dirty = worktree_status.dirty if worktree_status else ()
    return found + [f"{path} has changes that are not committed; commit them or `git restore` it" for path in dirty]


def _refusal(change: Change, editable: Sequence[str], protected: Sequence[str]) -> str | None:
    if change.mode == SYMLINK and change.status != "D":
        return f"{change.path} is a symbolic link; put a regular file there"
    if change.mode == SUBMODULE:
        return f"{change.path} is a submodule; take it out"
    if not is_editable(change.path, editable, protected):
        may = ", ".join(editable)
        return f"{change.path} was {_WORDS[change.status]}, but only these may be edited: {may}"
    return None


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay inside one folder, `**` crosses them, `folder/` means all that is in it."""
    if pattern.startswith(("!", "/")) or not pattern or ".." in PurePosixPath(pattern).parts:
        raise WorkspaceError(f"{pattern!r} is no pattern for paths; use one like trainer/model.py or trainer/**, never negated")
    whole = pattern + "**" if pattern.endswith("/") else pattern
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", whole)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts), re.DOTALL)
