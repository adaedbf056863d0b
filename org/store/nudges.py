"""Nudges: made, sent, settled; each settlement with its event. At most one of an agent is open."""

import sqlite3
from datetime import datetime

from org.model.message import Message
from org.model.nudge import OPEN, Nudge, State, Way, token
from org.store import events
from org.store.tables import MESSAGES, NUDGES

_OPEN = ", ".join(f"'{state.value}'" for state in OPEN)


def open_of(con: sqlite3.Connection, agent: str) -> Nudge | None:
    """The agent's nudge that is on its way, if any."""
    found = NUDGES.select(con, f"WHERE agent = ? AND state IN ({_OPEN}) ORDER BY id LIMIT 1", agent)
    return found[0] if found else None


def last_of(con: sqlite3.Connection, agent: str) -> Nudge | None:
    """The agent's newest nudge."""
    found = NUDGES.select(con, "WHERE agent = ? ORDER BY id DESC LIMIT 1", agent)
    return found[0] if found else None


def unread(con: sqlite3.Connection, agent: str) -> list[Message]:
    """Letters that lie in the agent's mailbox and that it has not read."""
    return MESSAGES.select(con, 'WHERE "to" = ? AND delivered_at IS NOT NULL AND read_at IS NULL ORDER BY sent_at, id', agent)


def announced(con: sqlite3.Connection, agent: str, message: str) -> int:
    """How many nudges have told the agent of this letter; those that were refused told nothing."""
    tail = "WHERE agent = ? AND state != 'refused' AND EXISTS (SELECT 1 FROM json_each(nudges.messages) WHERE value = ?)"
    return NUDGES.count(con, tail, agent, message)


def make(con: sqlite3.Connection, agent: str, words: str, messages: tuple[str, ...], way: Way, now: datetime) -> Nudge:
    """A new one, waiting to be sent. words: what is said behind its token."""
    id = NUDGES.next_id(con)
    nudge = Nudge(id, agent, f"{token(id)}: {words}", messages, way, State.WAITING, now)
    NUDGES.insert(con, nudge)
    return nudge


def wait(con: sqlite3.Connection, nudge: Nudge, reason: str, way: Way | None = None) -> None:
    """Say what it waits for; perhaps it goes another way."""
    NUDGES.update(con, nudge.id, reason=reason, way=way or nudge.way)


def sent(con: sqlite3.Connection, nudge: Nudge, now: datetime) -> None:
    """It is on its way. Recorded before a key is pressed: after a kill it is doubted, never typed twice."""
    NUDGES.update(con, nudge.id, state=State.SENT, reason="", sent_at=now)


def pressed(con: sqlite3.Connection, nudge: Nudge) -> None:
    """Enter was pressed for it once more."""
    con.execute("UPDATE nudges SET attempts = attempts + 1 WHERE id = ?", (nudge.id,))


def settle(con: sqlite3.Connection, nudge: Nudge, state: State, now: datetime, reason: str = "") -> None:
    """What became of it. A nudge that is settled already stays as it is, except that a late sign of it counts."""
    late = nudge.state is State.UNCONFIRMED and state is State.DELIVERED
    if (nudge.state not in OPEN and not late) or nudge.state is state:
        return
    NUDGES.update(con, nudge.id, state=state, reason=reason, settled_at=now)
    took = round((now - (nudge.sent_at or nudge.created_at)).total_seconds(), 3)
    events.append(con, f"nudge.{state.value}", nudge.agent, at=now, nudge=nudge.id, reason=reason, seconds=took)
