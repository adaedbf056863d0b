"""The lab's branches and refs. A person's branches are never written; an update names the value that it replaces."""

import re

from org.model.errors import WorkspaceError
from org.workspace.git import Git

NOTHING = "0" * 40  # as `old`: the ref must not exist yet
OURS = ("refs/heads/org/", "refs/org/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(what: str, name: str) -> str:
    """`name` if it can be one part of a ref and of a path; else WorkspaceError."""
    bad = not _NAME.fullmatch(name) or ".." in name or name.endswith((".", ".lock"))
    if bad:
        raise WorkspaceError(f"{what} {name!r} is no name; use letters, digits, '.', '_' and '-', a letter or digit first")
    return name


def head_branch(lab: str) -> str:
    """The branch of everything that the lab accepted."""
    return f"org/{check_name('lab', lab)}/head"


def program_branch(lab: str, slug: str) -> str:
    """The branch of one program's accepted changes."""
    return f"org/{check_name('lab', lab)}/program/{check_name('program', slug)}"


def junior_branch(lab: str, agent: str, slug: str) -> str:
    """The branch an agent works on."""
    return f"org/{check_name('lab', lab)}/junior/{check_name('agent', agent)}/{check_name('branch', slug)}"


def try_ref(lab: str, experiment: str) -> str:
    """The ref that keeps an experiment's commit reachable for good."""
    return f"refs/org/{check_name('lab', lab)}/tries/{check_name('experiment', experiment)}"


def full(ref: str) -> str:
    """`org/main/head` → `refs/heads/org/main/head`; a full name stays."""
    return ref if ref.startswith("refs/") else f"refs/heads/{ref}"


def require_ours(ref: str) -> str:
    """The full name of a ref that the lab may write; WorkspaceError for any other."""
    name = full(ref)
    prefix = next((p for p in OURS if name.startswith(p)), None)
    if prefix is None:
        raise WorkspaceError(f"{name} belongs to a person and is never written; the lab writes under {' and '.join(OURS)}")
    for part in name.removeprefix(prefix).split("/"):
        check_name("part of a ref", part)
    return name


def head(git: Git, ref: str) -> str | None:
    """The commit a ref points at; None when there is no such ref."""
    answer = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{full(ref)}^{{commit}}")
    return answer.out.strip() if answer.code == 0 else None


def resolve(git: Git, revision: str) -> str:
    """The full id of the commit that a person or an agent named; WorkspaceError when there is none."""
    answer = git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if answer.code != 0:
        raise WorkspaceError(f"{revision!r} names no commit here; `git log --oneline --all` lists them")
    return answer.out.strip()


def update(git: Git, ref: str, new: str, old: str) -> None:
    """Move a ref of the lab from `old` (NOTHING: create it) to `new`, or raise and change nothing."""
    name = require_ours(ref)
    answer = git.ask("update-ref", "--no-deref", name, new, old)
    if answer.code != 0:
        now = head(git, name) or "not there"
        raise WorkspaceError(f"{name} was not moved to {new}: expected {old}, found {now} ({answer.err.strip()})")


def keep_try(git: Git, lab: str, experiment: str, commit: str) -> str:
    """Keep an experiment's commit reachable and return the ref. Again with the same commit changes nothing."""
    name = try_ref(lab, experiment)
    kept = head(git, name)
    if kept is None:
        update(git, name, commit, NOTHING)
    elif kept != resolve(git, commit):
        raise WorkspaceError(f"{name} keeps {kept} already; keep {commit} under another name")
    return name
