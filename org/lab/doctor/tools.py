"""Python, git, tmux and SQLite: there, new enough, and versions that are known to bite."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator

from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.terminal import server
from org.workspace import git

TESTED = {"Python": "3.11", "git": "2.39", "tmux": "3.3a and 3.7b", "SQLite": "3.40"}
STRICT_TABLES = (3, 37)
SECONDS = 20.0


def examine(subject: Subject) -> Iterator[Finding]:
    """One finding a tool."""
    yield judge("Python", ".".join(map(str, sys.version_info[:3])), (3, 11), "make PYTHON=python3.12 start")
    yield judge("git", _version("git", "version", subject.path), git.OLDEST, git.INSTALL)
    tmux = judge("tmux", _version("tmux", "-V", subject.path), server.OLDEST, server.INSTALL)
    yield dead_pane_trap(tmux)
    yield judge("SQLite", sqlite3.sqlite_version, STRICT_TABLES, "use a Python that is linked against a newer SQLite")


def judge(what: str, version: str, oldest: tuple[int, int], fix: str) -> Finding:
    """version: as the tool says it, "" when it is not here. oldest: what the lab needs."""
    if not version:
        return problem(what, "not found", fix)
    found = re.search(r"(\d+)\.(\d+)", version)
    if found and (int(found[1]), int(found[2])) < oldest:
        return problem(what, f"{version} is too old, {oldest[0]}.{oldest[1]} or newer is needed", fix)
    return ok(what, f"{version} (tested: {TESTED[what]})")


def dead_pane_trap(tmux: Finding) -> Finding:
    """tmux 3.3a dies with all its panes when something is pasted into a pane whose program has ended."""
    if not re.search(r"\b3\.3a\b", tmux.says.partition("(")[0]):
        return tmux
    says = "3.3a: pasting into a pane whose program has ended ends tmux with every pane; the lab's own pastes are guarded"
    return warning("tmux", says, "never paste by hand into a pane that says it has ended; tmux 3.4 or newer where you can")


def _version(program: str, ask: str, path: str) -> str:
    found = shutil.which(program, path=path)
    if found is None:
        return ""
    done = subprocess.run(
        [found, ask], capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    return (done.stdout or done.stderr).strip().removeprefix("git version ").removeprefix("tmux ")
