"""What a sandbox takes away: folders that cannot be written, devices that cannot be seen. Writing is tried, not asked for,
with files that have no name and are gone with this process."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from org.config import agent_names
from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.workspace.git import Git

CONFINED = {"workspace-write", "read-only"}  # modes of codex that hide devices and make .git/worktrees read-only


def examine(subject: Subject) -> Iterator[Finding]:
    """Folders first, then what the config asks of the agents' programs."""
    if agent := subject.environ.get("ORG_AGENT"):
        yield warning("shell", f"this is {agent}'s pane, which sees no device", "run it in a shell of your own")
    if subject.layout is not None:
        common = Git(subject.layout.root).common_dir
        for what, folder in (
            (".git/worktrees", common / "worktrees"),
            ("comms", subject.layout.comms),
            ("worktrees", subject.layout.worktrees),
            ("device locks", subject.locks),
        ):
            yield writable(what, folder)
    yield from _confined(subject)


def writable(what: str, folder: Path) -> Finding:
    """Whether files can be made in folder, or where it will be made."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place, prefix="org-doctor-") as file:
            os.write(file.fileno(), b"x")
    except OSError as error:
        fix = "leave the sandbox or container that makes it read-only, or mount it writable"
        return problem(what, f"{place} cannot be written ({error.strerror})", fix)
    return ok(what, f"{place} can be written")


def _confined(subject: Subject) -> Iterator[Finding]:
    if subject.config is None:
        return
    for name, entry in agent_names(subject.config):
        mode = confinement(entry.args) if entry.backend in ("codex", "claude", "command") else None
        if mode is not None:
            says = f"`{mode}` confines its commands: `org try` would see no GPU, git could not commit in the worktree"
            yield warning(name, says, "args: [--sandbox, danger-full-access], in a container or machine that you can lose")


def confinement(args: Sequence[str]) -> str | None:
    """The argument that confines what an agent's program runs, or None."""
    for i, word in enumerate(args):
        if word == "--full-auto":
            return word
        flag, _, value = word.partition("=")
        value = value or (args[i + 1] if i + 1 < len(args) else "")
        if flag in ("-s", "--sandbox") and value in CONFINED:
            return f"{flag} {value}"
        if value.startswith("sandbox_mode") and any(mode in value for mode in CONFINED):
            return f"{flag} {value}"
    return None
