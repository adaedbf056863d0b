"""A move of a head: a program's or the lab's. The intent is written first, then the ref moves, then it is done."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    MERGE = "merge"  # an experiment into its program's head
    REVERT = "revert"  # an experiment out of a head again
    STACK = "stack"  # measured merges into the lab's head
    ROOT = "root"  # a person's commit under a head


class State(StrEnum):
    INTENT = "intent"
    DONE = "done"
    DROPPED = "dropped"  # the ref had not moved when the lab came back


@dataclass(frozen=True, slots=True)
class Merge:
    """One row of merges. experiment: what is moved by it; of a stack its study, of a root its commit. program: "" for the
    lab's own head."""

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
    kind: Kind = Kind.MERGE
    detail: dict[str, Any] = field(default_factory=dict)  # of a revert and a root: who, why, and what the end needs
