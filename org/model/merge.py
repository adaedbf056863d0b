"""A move of a program's head. The intent is written first, then the ref moves, then it is done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    INTENT = "intent"
    DONE = "done"
    DROPPED = "dropped"  # the ref had not moved when the lab came back


@dataclass(frozen=True, slots=True)
class Merge:
    id: int
    experiment: str
    program: str
    ref: str
    old: str
    new: str
    tree: str  # the new head as it is run
    state: State
    intended_at: datetime
    done_at: datetime | None = None
