"""What running programs of Claude Code say of themselves: sessions/<pid>.json in the configuration folder.

Undocumented (Claude Code 2.1.329), and the only source that tells an interrupted turn. A program that was killed leaves
its file, so a file counts only while its process lives.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from org.agents.claude.alone import lives


@dataclass(frozen=True, slots=True)
class Live:
    """One file. status: idle, busy or waiting. since: when it became that."""

    pid: int
    session: str
    status: str
    waiting_for: str
    since: datetime
    alive: bool


def read(sessions: Path) -> list[Live]:
    """All files that can be read; one that is half written now is read at the next look."""
    return [live for path in sessions.glob("*.json") if (live := _parse(path)) is not None]


def of(found: list[Live], session: str) -> Live | None:
    """The file of the conversation: of a process that lives if there is one."""
    mine = [live for live in found if live.session == session]
    return max(mine, key=lambda live: (live.alive, live.since), default=None)


def _parse(path: Path) -> Live | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("kind", "interactive") != "interactive":
            return None  # a `claude -p` of the agent's own
        since = datetime.fromtimestamp(float(told["statusUpdatedAt"]) / 1000, UTC)
        pid = int(told["pid"])
        return Live(
            pid, str(told["sessionId"]), str(told["status"]), str(told.get("waitingFor") or ""), since,
            lives(pid, told.get("procStart")),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
