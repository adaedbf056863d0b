"""What verbs ask of the supervisor: inserted by anybody, answered by the supervisor alone."""

import sqlite3
from datetime import datetime
from typing import Any

from org.model.request import Request, State
from org.store import events
from org.store.tables import REQUESTS


def ask(con: sqlite3.Connection, verb: str, actor: str, now: datetime, **args: Any) -> Request:
    """Queue a request."""
    request = Request(REQUESTS.next_id(con), verb, actor, args, now)
    REQUESTS.insert(con, request)
    events.append(con, "request.queued", f"request-{request.id}", actor, now, verb=verb, **args)
    return request


def queued(con: sqlite3.Connection) -> list[Request]:
    return REQUESTS.select(con, "WHERE state = 'queued' ORDER BY id")


def settle(con: sqlite3.Connection, id: int, state: State, answer: str, now: datetime) -> None:
    """Mark a request done or refused, with a sentence for who asked."""
    REQUESTS.update(con, id, state=state, answer=answer, answered_at=now)
    request = REQUESTS.get(con, id)
    events.append(con, f"request.{state.value}", f"request-{id}", request.actor, now, verb=request.verb, answer=answer)
