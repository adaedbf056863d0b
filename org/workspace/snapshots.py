"""The tree that a run executes, and its read-only copy on disk.

A copy stands beside a small file `<name>.tree` that holds its tree's id; the file's lock serializes those who make or
remove the copy, and only folders with such a file are ever removed. `<name>.seal` says what the copy held (seals.py).
"""

import os
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

from org.model.errors import WorkspaceError
from org.workspace import seals, trees
from org.workspace.changes import SUBMODULE, SYMLINK, Change, changes, is_editable
from org.workspace.git import Git
from org.workspace.lock import held

tree_of = trees.tree_of


def run_tree(git: Git, root_commit: str, tip: str, editable: Sequence[str], protected: Sequence[str] = ()) -> str:
    """The root's tree with the editable paths of the tip laid over it: additions, modifications and deletions.

    Whatever else the tip changed is not in it. Raises WorkspaceError for a link or submodule at an editable path.
    """
    taken = [change for change in changes(git, root_commit, tip) if is_editable(change.path, editable, protected)]
    return trees.overlay(git, trees.tree_of(git, root_commit), {change.path: _blob(change) for change in taken})


def _blob(change: Change) -> trees.Blob | None:
    if change.status == "D":
        return None
    if change.mode in (SYMLINK, SUBMODULE):
        raise WorkspaceError(f"{change.path} is a link or a submodule and cannot run; put a regular file there")
    return trees.Blob(change.sha, change.mode)


def extract(git: Git, tree: str, dest: Path) -> Path:
    """Have the files of `tree` at `dest`, read-only, and return `dest`. Again, or by two processes at once: the same.

    Raises WorkspaceError when `dest` holds anything else.
    """
    dest.parent.mkdir(parents=True, exist_ok=True)
    with held(_record(dest), timeout=600):
        made_of = _record(dest).read_text("utf-8").strip()
        if dest.exists() and made_of == tree:
            return dest
        if dest.exists():
            raise WorkspaceError(f"{dest} holds {made_of or 'something else'}, not the tree {tree}; move it away")
        partial = dest.with_name(dest.name + ".partial")
        _discard(partial)
        _unpack(git, tree, partial)
        seals.write(partial, dest)
        _write_record(dest, tree)
        os.rename(partial, dest)
    return dest


def remove(dest: Path) -> None:
    """Remove a copy that `extract` made; nothing when there is none. WorkspaceError for a folder of other origin."""
    record = _record(dest)
    if not dest.exists() and not record.exists():
        return
    if not record.exists():
        raise WorkspaceError(f"{dest} was not made here and is not removed")
    with held(record, timeout=600):
        if dest.exists() and not record.read_text("utf-8").strip():
            raise WorkspaceError(f"{dest} was not made here and is not removed")
        _discard(dest)
        seals.place(dest).unlink(missing_ok=True)
        record.unlink()


def _record(dest: Path) -> Path:
    return dest.with_name(dest.name + ".tree")


def _write_record(dest: Path, tree: str) -> None:
    # In place, not renamed: the lock belongs to this very file. Before `dest` appears, so no copy lacks its record.
    with _record(dest).open("r+", encoding="utf-8") as file:
        file.truncate()
        file.write(tree + "\n")
        file.flush()
        os.fsync(file.fileno())


def _unpack(git: Git, tree: str, partial: Path) -> None:
    archive = partial.with_name(partial.name + ".tar")
    try:
        git.run("-c", "core.autocrlf=false", "archive", "--format=tar", "-o", str(archive), tree, timeout=600)
        partial.mkdir()
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(partial, filter="data")
            else:  # Python before 3.11.4; git writes no path that leaves the folder into an archive
                tar.extractall(partial)
    finally:
        archive.unlink(missing_ok=True)
    _require_complete(git, tree, partial)
    _freeze(partial)


def _require_complete(git: Git, tree: str, partial: Path) -> None:
    """`export-ignore` in a .gitattributes leaves files out of an archive: then the run would not be the tree."""
    out = git.run("ls-tree", "-r", "-z", "--full-tree", tree)
    wanted = [entry.split("\t", 1)[1] for entry in out.split("\0") if entry and not entry.startswith(SUBMODULE)]
    lost = [path for path in wanted if not os.path.lexists(partial / path)]
    if lost:
        raise WorkspaceError(f"git archive left out {', '.join(lost[:5])}; take export-ignore out of .gitattributes")


def _freeze(folder: Path) -> None:
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            file = Path(place, name)
            if not file.is_symlink():
                file.chmod(0o555 if file.stat().st_mode & 0o100 else 0o444)
        Path(place).chmod(0o555)


def _discard(folder: Path) -> None:
    if not folder.exists():
        return
    for place, _, _ in os.walk(folder):
        Path(place).chmod(0o755)  # a read-only folder keeps its files
    shutil.rmtree(folder)
