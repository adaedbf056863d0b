"""Which conversation is the pane's own, and whether it can be taken up again. Its files are the truth: the home keeps the
last known id only to tell a lost conversation from a first one."""

import json
from dataclasses import dataclass
from pathlib import Path

from org.agents.backend import Seat
from org.agents.codex import files
from org.store import atomic


@dataclass(frozen=True, slots=True)
class Conversation:
    """session: what to resume; None: begin anew. lost: the id of one that was here and is gone."""

    session: str | None
    lost: str | None = None


def rollouts(home: Path) -> list[Path]:
    """Every rollout below a CODEX_HOME, oldest name first."""
    return sorted(home.glob("sessions/*/*/*/rollout-*.jsonl"))


def find(seat: Seat) -> Conversation:
    """The conversation that moved last. Codex's own `--last` would also take one that the agent began with `codex exec`."""
    own = [(path.stat().st_mtime, session) for path in rollouts(files.home(seat)) if (session := own_session(path))]
    if own:
        return Conversation(max(own)[1])
    remembered = _record(seat)
    return Conversation(None, atomic.read_json(remembered).get("session") if remembered.is_file() else None)


def own_session(path: Path) -> str | None:
    """The id of the pane's own conversation in this rollout; None: it is another's, or its beginning is damaged."""
    try:
        with path.open("rb") as file:
            payload = json.loads(file.readline())["payload"]
        own = payload["source"] == "cli" and payload.get("thread_source", "user") == "user"
        return str(payload["id"]) if own else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(seat: Seat, session: str) -> None:
    """Keep the id."""
    atomic.write_json(_record(seat), {"schema": 1, "session": session})


def _record(seat: Seat) -> Path:
    return seat.home / "conversation.json"
