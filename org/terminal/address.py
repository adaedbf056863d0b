"""Where a lab's tmux socket lies. Names under -L collide between labs of one machine, so each lab has its own path."""

import hashlib
import os
import stat
import sys
from pathlib import Path

from org.model.errors import TerminalError

MAX_BYTES = 103 if sys.platform == "darwin" else 107  # sun_path less its final zero


def socket_path(wanted: Path) -> Path:
    """`wanted`, or a short path that follows from it where the system cannot bind one so long.

    The short one is in /tmp whatever TMPDIR says: agents have a TMPDIR of their own and must find the same server.
    Makes the folder; raises TerminalError when the one in /tmp belongs to somebody else.
    """
    path = wanted.absolute()
    if len(os.fsencode(path)) <= MAX_BYTES:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
    folder = Path("/tmp") / f"org-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise TerminalError(f"{folder} is open to others, so no socket is put there; remove it or move the lab to a shorter path")
    return folder / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
