"""The backlog of ideas: anybody adds one; a proposal that tries it takes it; its outcome stays linked."""

import sqlite3
from datetime import datetime

from org.model.errors import Refused
from org.model.idea import Idea, State
from org.store import events
from org.store.tables import IDEAS, PROGRAMS


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


def take(con: sqlite3.Connection, id: int, experiment: str, actor: str, now: datetime) -> None:
    """An experiment tries the idea."""
    idea = IDEAS.get(con, id)
    if idea.state is State.TAKEN:
        raise Refused(f"idea {id} is tried by {idea.experiment} already")
    IDEAS.update(con, id, state=State.TAKEN, experiment=experiment)
    events.append(con, "idea.taken", f"idea-{id}", actor, now, experiment=experiment)
