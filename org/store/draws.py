"""Who has drawn which idea of the backlog. An agent has at most one in hand: drawing another lays the first one back,
and so does proposing it or leaving its program. Nothing lapses by time: a dead agent finds its idea again."""

import sqlite3
from datetime import datetime

from org.model.agent import State as AgentState
from org.model.idea import Idea, State
from org.store import events
from org.store.tables import AGENTS, EVENTS, IDEAS

DRAWN = "idea.drawn"


def record(con: sqlite3.Connection, id: int, agent: str, now: datetime) -> None:
    events.append(con, DRAWN, subject(id), agent, now)


def in_hand(con: sqlite3.Connection) -> dict[int, str]:
    """Idea → the agent that has it in hand."""
    newest: dict[str, int] = {}
    for event in EVENTS.select(con, "WHERE kind = ? ORDER BY id", DRAWN):
        newest[event.actor] = int(event.subject.removeprefix("idea-"))
    return {id: agent for agent, id in newest.items() if _holds(con, agent, IDEAS.get(con, id))}


def subject(id: int) -> str:
    """What an idea's events are about."""
    return f"idea-{id}"


def _holds(con: sqlite3.Connection, agent: str, idea: Idea) -> bool:
    """While the idea is open and the agent is in the lab, on the program that the idea is for."""
    row = AGENTS.find(con, agent)
    if row is None or row.state is AgentState.STOPPED or idea.state is not State.OPEN:
        return False
    return idea.program in (None, row.program)
