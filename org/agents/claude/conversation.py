"""Which conversation is the pane's own. Its id is chosen here, kept in the agent's home, and follows the pane: a person
who types /clear or /resume goes on in another one, which the program's SessionStart hook tells.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from org.agents.backend import Seat
from org.agents.claude import files, hookrows, live
from org.store import atomic

SAID = b'"type":"user"'  # a transcript without a prompt cannot be taken up again


@dataclass(frozen=True, slots=True)
class Conversation:
    """resumes: its transcript is there. lost: another one was the pane's own and its transcript is gone."""

    id: str
    resumes: bool = False
    lost: bool = False


def chosen(seat: Seat) -> Conversation:
    """The one that the pane takes up at its next start. Changes nothing."""
    kept, told = _kept(seat), list(_told(seat))
    starts = [row for row in told if row[0] == "SessionStart"]
    id = kept.get("id")
    if starts and starts[-1][2] > kept.get("at", ""):
        id = starts[-1][1]  # a person went on in another one
    if id and (transcript(seat, id) or _open(seat, id)):
        return Conversation(id, resumes=True)
    if id and not any(session == id for _, session, _ in starts):
        return Conversation(id, lost=bool(kept.get("lost")))
    return Conversation(str(uuid.uuid4()), lost=any(row[:2] == ("UserPromptSubmit", id) for row in told))


def choose(seat: Seat, now: datetime) -> Conversation:
    """The same, kept in the agent's home."""
    choice = chosen(seat)
    kept = _kept(seat)
    if kept.get("id") != choice.id:
        told = {"id": choice.id, "at": now.isoformat(timespec="milliseconds"), "lost": choice.lost}
        atomic.write_json(_file(seat), told)
    return choice


def transcript(seat: Seat, id: str) -> Path | None:
    """Its transcript, if a prompt is in it."""
    for path in (files.folder(seat) / "projects").glob(f"*/{id}.jsonl"):
        with path.open("rb") as lines:
            if any(SAID in line for line in lines):
                return path
    return None


def _file(seat: Seat) -> Path:
    return seat.home / "conversation.json"


def _kept(seat: Seat) -> dict[str, Any]:
    return atomic.read_json(_file(seat)) if _file(seat).is_file() else {}


def _open(seat: Seat, id: str) -> bool:
    found = live.of(live.read(files.sessions(seat)), id)
    return found is not None and found.alive


def _told(seat: Seat) -> Iterator[tuple[str, str, str]]:
    """(event, conversation, time) of the starts and prompts that the hooks told."""
    for line in seat.hooks.read_bytes().splitlines() if seat.hooks.is_file() else ():
        if b'"SessionStart"' in line or b'"UserPromptSubmit"' in line:
            row = hookrows.parse(line)
            if row is not None:
                yield row.name, row.session, row.at.isoformat(timespec="milliseconds")
