"""Wakes a coding agent's program without a key: `python -I -S waker.py WAKE HOLD SESSIONS`, run by its hooks.

The program (Claude Code) starts it in the background with asyncRewake: whatever it says on stderr when it ends with 2
becomes the program's next prompt. So it waits for a line in WAKE, takes it by renaming it into WAKE/claimed, says it, and
the next hook starts the next waiter. One waits at a time. Nobody is woken while the file HOLD is there, while
SESSIONS/<pid of the program>.json tells of a turn or an open dialog, or more than OFTEN times a minute. It ends when the
program is gone. Imports nothing of org: it runs in a worktree, with the standard library only.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

EVERY_S = 0.2
OFTEN, MINUTE_S = 30, 60.0
WAKE_WITH = 2  # the exit status that makes stderr a prompt


def main(arguments: list[str]) -> int:
    """Wait; WAKE_WITH and the lines on stderr, or 0 when there is nothing more to wait for."""
    wake, hold, sessions = map(Path, arguments)
    program = os.getppid()
    (wake / "claimed").mkdir(parents=True, exist_ok=True)
    with (wake / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return 0  # another one waits already
        lines = wait(wake, hold, sessions / f"{program}.json", program)
    if not lines:
        return 0
    print("\n".join(lines), file=sys.stderr, flush=True)
    return WAKE_WITH


def wait(wake: Path, hold: Path, session: Path, program: int) -> list[str]:
    """The lines that were taken; [] when the program is gone."""
    while os.getppid() == program and program != 1:
        if any(wake.glob("*.txt")) and not hold.exists() and idle(session) and not too_often(wake / "claimed"):
            lines = [line for path in sorted(wake.glob("*.txt"), key=_number) if (line := take(path, wake / "claimed"))]
            if lines:
                return lines
        time.sleep(EVERY_S)
    return []


def idle(session: Path) -> bool:
    """Whether the program waits for a prompt. A version that keeps no such file is taken to."""
    try:
        return bool(json.loads(session.read_text(encoding="utf-8")).get("status", "idle") == "idle")
    except FileNotFoundError:
        return True
    except (OSError, ValueError, AttributeError):  # half written: look again
        return False


def too_often(claimed: Path) -> bool:
    """Whether OFTEN lines were taken in the last minute: renaming sets a file's ctime."""
    now = time.time()
    return sum(now - entry.stat().st_ctime < MINUTE_S for entry in os.scandir(claimed)) >= OFTEN


def take(path: Path, claimed: Path) -> str:
    """The line, for whoever renames its file; "" when somebody else has."""
    mine = claimed / path.name
    try:
        os.rename(path, mine)
    except FileNotFoundError:
        return ""
    return " ".join(mine.read_text(encoding="utf-8", errors="replace").split())


def _number(path: Path) -> tuple[int, str]:
    return (int(path.stem) if path.stem.isdigit() else 0, path.name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
