"""An idea: a line in the backlog that chief and juniors draw from; its author is kept and its outcome linked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    TAKEN = "taken"  # an experiment tries it
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Idea:
    id: int
    text: str
    author: str
    created_at: datetime
    state: State = State.OPEN
    program: str | None = None
    experiment: str | None = None
