"""Becomes Claude Code once no other program has its conversation: `python -I -S alone.py SESSIONS ID PROGRAM…`.

Two programs that live resume the same conversation without a word, and both write into its transcript. A program whose
terminal was closed takes some seconds to end. So this waits for it, and gives up with a line that says what to do.
Imports nothing of org: it runs in a worktree, with the standard library only.
"""

import json
import os
import sys
import time
from pathlib import Path

PATIENCE_S, EVERY_S = 30.0, 0.2


def main(arguments: list[str]) -> int:
    """Wait, then turn into the program; 1 when the other one stays, or there is no program."""
    sessions, id, *program = arguments
    deadline = time.monotonic() + PATIENCE_S
    while (pid := holder(Path(sessions), id)) and time.monotonic() < deadline:
        time.sleep(EVERY_S)
    if pid:
        print(f"conversation {id} is still open in process {pid}: end that first (kill {pid})", file=sys.stderr)
    else:
        os.execv(program[0], program)
    return 1


def holder(sessions: Path, id: str) -> int | None:
    """The process that has the conversation."""
    for path in sessions.glob("*.json"):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            pid = int(told["pid"])
            if told["sessionId"] == id and pid != os.getpid() and lives(pid, told.get("procStart")):
                return pid
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def lives(pid: int, started: object) -> bool:
    """Whether the process is there, and (on Linux) is the one that started then: numbers are used again."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return not os.path.isdir("/proc/self")  # no /proc on this system: there is nothing better to know
    return after_name[0] != "Z" and (started is None or after_name[19] == str(started))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
