"""The backlog of ideas: anybody adds one; one agent at a time draws it; a proposal that tries it takes it; its outcome
stays linked."""

import sqlite3
from datetime import datetime

from org.model.errors import Refused
from org.model.idea import Idea, State
from org.store import draws, events
from org.store.tables import AGENTS, IDEAS, PROGRAMS


def add(con: sqlite3.Connection, text: str, author: str, now: datetime, program: str | None = None) -> Idea:
    """Write an idea down. The same open text for the same program is refused with its number."""
    if not text.strip():
        raise Refused("an idea needs words")
    if program is not None:
        PROGRAMS.get(con, program)
    same = IDEAS.select(con, "WHERE text = ? AND program IS ? AND state = 'open'", text.strip(), program)
    if same:
        raise Refused(f"idea {same[0].id} says the same and is still open")
    idea = Idea(IDEAS.next_id(con), text.strip(), author, now, program=program)
    IDEAS.insert(con, idea)
    events.append(con, "idea.open", f"idea-{idea.id}", author, now, text=idea.text, program=program)
    return idea


def draw(con: sqlite3.Connection, id: int, agent: str, now: datetime) -> Idea:
    """Take an open idea in hand, before any work goes into it. Refused when another agent has it. Again by the same agent
    changes nothing. Call inside a transaction: of two at once, one is refused."""
    idea = IDEAS.get(con, id)
    if AGENTS.find(con, agent) is None:
        raise Refused(f"agents draw ideas, {agent} is none; `org propose --idea {id}` links a proposal to it")
    _refuse_others(con, idea, agent)
    if draws.in_hand(con).get(id) != agent:
        draws.record(con, id, agent, now)
    return idea


def take(con: sqlite3.Connection, id: int, experiment: str, actor: str, now: datetime) -> None:
    """An experiment tries the idea."""
    _refuse_others(con, IDEAS.get(con, id), actor)
    IDEAS.update(con, id, state=State.TAKEN, experiment=experiment)
    events.append(con, "idea.taken", f"idea-{id}", actor, now, experiment=experiment)


def _refuse_others(con: sqlite3.Connection, idea: Idea, agent: str) -> None:
    if idea.state is State.TAKEN:
        raise Refused(f"idea {idea.id} is tried by {idea.experiment} already")
    holder = draws.in_hand(con).get(idea.id, agent)
    if holder != agent:
        raise Refused(f"{holder} has idea {idea.id} in hand; `org idea` shows which ones are free")
