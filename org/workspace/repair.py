"""What a killed git left behind, put right at every start before the first git call.

An empty `commondir` in one linked worktree makes `worktree list`, `branch -a`, `fsck` and `gc` of the whole repository
die (git 2.39). Content that the lab did not make is set aside or left, never deleted.
"""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from org.runs import processes
from org.workspace.git import Git
from org.workspace.lock import held, repository
from org.workspace.unfinished import content, entries, undo

STALE_LOCK_SECONDS = 60
PATIENCE_SECONDS = 10


def repair(git: Git) -> list[str]:
    """Mend the repository of `git.root` and return what was done, one sentence each; [] when all was well."""
    common = git.common_dir
    with held(repository(git)):
        if not _suspicious(common):
            return []
        if not _quiet(common, git.root):
            return [f"nothing was repaired in {common}: another git is at work there; start again when it has ended"]
        done = undo(common)
        done += [sentence for entry in entries(common) if (sentence := _mend(entry, common))]
        return done + [_unlock(lock) for lock in _stale_locks(common)]


def _suspicious(common: Path) -> bool:
    if (common / "org-adding.json").exists() or any(_stale_locks(common)):
        return True
    return any(_damaged(entry) for entry in entries(common))


def _quiet(common: Path, root: Path) -> bool:
    """Wait until no git process works in this repository; False when one still does after PATIENCE_SECONDS."""
    folders = [root, common, *(Path(gitdir).parent for entry in entries(common) if (gitdir := content(entry, "gitdir")))]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while processes.works_in("git", folders):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _damaged(entry: Path) -> bool:
    missing = any(not content(entry, name) for name in ("gitdir", "commondir", "HEAD"))
    return missing or content(entry, "locked") == "initializing"


def _mend(entry: Path, common: Path) -> str | None:
    if not _damaged(entry):
        return None
    if _only_lacks_commondir(entry):
        (entry / "commondir").write_text("../..\n", "utf-8")
        return f"wrote the lost commondir of the worktree {Path(content(entry, 'gitdir')).parent}"
    return _set_aside(entry, common)


def _only_lacks_commondir(entry: Path) -> bool:
    """A whole worktree but for one file whose content is always the same; somebody's work may be in it."""
    head, gitdir = content(entry, "HEAD"), content(entry, "gitdir")
    whole = head.strip("0") != "" and gitdir != "" and Path(gitdir).is_file() and (entry / "index").is_file()
    return whole and not content(entry, "commondir") and content(entry, "locked") != "initializing"


def _set_aside(entry: Path, common: Path) -> str:
    gitdir = content(entry, "gitdir")
    aside = common / "org-set-aside"
    aside.mkdir(exist_ok=True)
    target = next(p for n in range(10_000) if not (p := aside / f"{entry.name}-{n}").exists())
    shutil.move(entry, target)
    said = f"moved git's record of the half-made worktree {entry.name} to {target}"
    tree = Path(gitdir).parent if gitdir else None
    return said if tree is None or not tree.exists() else f"{said}; {_clear(tree)}"


def _clear(tree: Path) -> str:
    """Remove a tree that holds nothing yet; a tree with files in it stays."""
    if any(child.name != ".git" for child in tree.iterdir()):
        return f"{tree} still has files and was left; move it away if nobody needs it"
    (tree / ".git").unlink(missing_ok=True)
    tree.rmdir()
    return f"removed the empty {tree}"


def _stale_locks(common: Path) -> list[Path]:
    """Lock files of the lab's refs and worktrees that are too old to belong to a running git."""
    ours = [folder for name in ("refs/heads/org", "refs/org") if (folder := common / name).is_dir()]
    found = [lock for folder in ours for lock in folder.rglob("*.lock")]
    private = [entry for entry in entries(common) if content(entry, "HEAD").startswith("ref: refs/heads/org/")]
    found += [entry / name for entry in private for name in ("index.lock", "HEAD.lock")]
    return list(_old([*found, common / "packed-refs.lock"]))


def _old(locks: Iterable[Path]) -> Iterable[Path]:
    for lock in locks:
        try:
            if time.time() - lock.stat().st_mtime > STALE_LOCK_SECONDS:
                yield lock
        except FileNotFoundError:
            continue


def _unlock(lock: Path) -> str:
    lock.unlink(missing_ok=True)
    return f"removed the stale lock {lock}"
