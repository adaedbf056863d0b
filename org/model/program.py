"""A program: a research question with a branch, a brief, a head and an allowance."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from org.model import machine


class State(StrEnum):
    BACKLOG = "backlog"  # known, no branch yet
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Event(StrEnum):
    OPEN = "open"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


RULES: dict[tuple[State, Event], State] = {
    (State.BACKLOG, Event.OPEN): State.OPEN,
    (State.BACKLOG, Event.CLOSE): State.CLOSED,
    (State.OPEN, Event.PAUSE): State.PAUSED,
    (State.PAUSED, Event.RESUME): State.OPEN,
    (State.OPEN, Event.CLOSE): State.CLOSED,
    (State.PAUSED, Event.CLOSE): State.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Program:
    """One row of programs. head_commit is what its next experiments branch from."""

    slug: str
    title: str
    state: State
    question: str
    claim: str
    margin: float
    objective: str
    editable: tuple[str, ...]
    space: dict[str, Any]
    allowance: dict[str, float]
    stop: dict[str, float]
    brief: str  # the Markdown body
    created_by: str
    created_at: datetime
    needs: tuple[str, ...] = ()
    root_commit: str | None = None
    head_commit: str | None = None
    reason: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def advance(state: State, event: Event, subject: str) -> State:
    """The state after event; IllegalMove otherwise."""
    return machine.advance(RULES, state, event, subject)
