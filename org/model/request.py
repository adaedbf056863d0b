"""What a verb asks of the supervisor. A verb inserts one and returns; only the supervisor answers it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Request:
    id: int
    verb: str
    actor: str
    args: dict[str, Any] = field(default_factory=dict)
    asked_at: datetime | None = None
    state: State = State.QUEUED
    answer: str = ""
    answered_at: datetime | None = None
