"""A tree with some paths replaced. The index is a temporary file: no worktree, no branch, nobody's index is touched."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from org.workspace.git import Git

REGULAR = "100644"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as a tree holds it. `mode` is git's: 100644, or 100755 for a program."""

    sha: str
    mode: str = REGULAR


def tree_of(git: Git, commit: str) -> str:
    """The tree of a commit (or of anything that leads to one)."""
    return git.run("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")


def blob_at(git: Git, commit: str, path: str) -> Blob | None:
    """The file at `path`; None when that commit has no file there."""
    listed = git.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path)
    for entry in filter(None, listed.split("\0")):
        kind, name = entry.split("\t", 1)
        mode, what, sha = kind.split(" ")
        if name == path and what == "blob":
            return Blob(sha, mode)
    return None


def listing(git: Git, commit: str) -> dict[str, Blob]:
    """Every path of a tree; links and submodules are told by their mode."""
    listed = git.run("ls-tree", "-r", "-z", "--full-tree", commit)
    entries = [entry.split("\t", 1) for entry in listed.split("\0") if entry]
    return {path: Blob(about.split(" ")[2], about.split(" ")[0]) for about, path in entries}


def text(git: Git, blob: Blob) -> str:
    """The content of a file."""
    return git.ask("cat-file", "blob", blob.sha).out


def store(git: Git, content: str, mode: str = REGULAR) -> Blob:
    """Write a file's content into the repository's objects, byte for byte."""
    return Blob(git.run("hash-object", "-w", "--stdin", "--no-filters", input=content), mode)


def overlay(git: Git, tree: str, files: Mapping[str, Blob | None]) -> str:
    """The tree that differs from `tree` in `files` only; None takes a path out."""
    gone = [f"0 {'0' * 40}\t{path}\0" for path, blob in files.items() if blob is None]
    there = [f"{blob.mode} {blob.sha}\t{path}\0" for path, blob in files.items() if blob is not None]
    with tempfile.TemporaryDirectory(prefix="org-index-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run("read-tree", tree, env=index)
        # Removals first: a file may have become a folder.
        git.run("update-index", "-z", "--index-info", env=index, input="".join(gone + there))
        return git.run("write-tree", env=index)
