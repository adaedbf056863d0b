"""Directions of a person: events say what was given and lifted, replies to their letters who has acknowledged them."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.model.direction import Direction
from org.model.message import Kind
from org.store import events, mail
from org.store.tables import EVENTS, MESSAGES

GIVEN, LIFTED = "steer.given", "steer.lifted"


def give(
    con: sqlite3.Connection, target: str, text: str, readers: Sequence[str], by: str, now: datetime, add: bool = False
) -> Direction:
    """Tell the readers and keep it in force. Without add it replaces what was in force for this target."""
    id = f"steer-{EVENTS.count(con, 'WHERE kind = ?', GIVEN) + 1}"
    letters = {reader: f"{id}-{reader}" for reader in readers}
    for reader, letter in letters.items():
        subject = f"Direction for {target}" if reader != target else "Direction for you"
        mail.post(con, by, reader, Kind.STEERING, subject, text, now, refs=(target, *readers), id=letter)
    events.append(con, GIVEN, target, by, now, id=id, text=text, letters=letters, add=add)
    return Direction(id, target, text, by, now, letters)


def lift(con: sqlite3.Connection, target: str, by: str, now: datetime) -> None:
    """Nothing is in force for the target any more."""
    events.append(con, LIFTED, target, by, now)


def standing(con: sqlite3.Connection, *targets: str | None) -> list[Direction]:
    """What is in force, newest first; with targets only what was given to one of these."""
    found: dict[str, list[Direction]] = {}
    for event in EVENTS.select(con, "WHERE kind IN (?, ?) ORDER BY id", GIVEN, LIFTED):
        kept = found.get(event.subject, []) if event.detail.get("add") else []
        if event.kind == LIFTED:
            found.pop(event.subject, None)
            continue
        told = event.detail
        found[event.subject] = [*kept, Direction(told["id"], event.subject, told["text"], event.actor, event.at, told["letters"])]
    here = [d for target, given in found.items() if not targets or target in targets for d in given]
    return [_answered(con, d) for d in sorted(here, key=lambda d: int(d.id.rpartition("-")[2]), reverse=True)]


def _answered(con: sqlite3.Connection, given: Direction) -> Direction:
    replies = {agent: MESSAGES.count(con, "WHERE reply_to = ? AND sender = ?", id, agent) for agent, id in given.letters.items()}
    answered = frozenset(agent for agent, count in replies.items() if count)
    return Direction(given.id, given.target, given.text, given.by, given.at, given.letters, answered)
