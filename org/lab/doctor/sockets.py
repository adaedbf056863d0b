"""The lab's tmux socket: can it be bound where it belongs, and does somebody answer there."""

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from org.lab.doctor.finding import Finding, ok, problem, warning
from org.lab.doctor.subject import Subject
from org.terminal import address

SECONDS = 2.0


def examine(subject: Subject) -> Iterator[Finding]:
    """One finding: the socket of this lab."""
    if subject.layout is not None and subject.config is not None:
        yield judge(subject.layout.socket.absolute())


def judge(path: Path) -> Finding:
    """Looks and asks; starts no server and removes nothing."""
    length = len(os.fsencode(path))
    if length > address.MAX_BYTES:
        says = f"{path} has {length} bytes, {address.MAX_BYTES} are allowed; a short one in /tmp is taken"
        return warning("tmux socket", says, "move the lab to a shorter path, or set TMPDIR to one")
    if not path.exists():
        return ok("tmux socket", f"{path} ({length} of {address.MAX_BYTES} bytes); no grid is up")
    about = path.stat()
    if not stat.S_ISSOCK(about.st_mode):
        return problem("tmux socket", f"{path} is no socket", "move that file away")
    if about.st_uid != os.getuid():
        return problem("tmux socket", f"{path} belongs to another user", "give this lab a `comms` folder of your own")
    if _answers(path):
        return ok("tmux socket", f"{path}: a grid is up")
    return warning("tmux socket", f"nobody answers at {path}: tmux was killed", "`org start` brings the grid back")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True
