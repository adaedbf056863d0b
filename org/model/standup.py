"""One day's standup: who was asked, until when, what each said, where the page is."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Standup:
    id: int
    day: str  # YYYY-MM-DD in the lab's timezone
    asked_at: datetime
    due_at: datetime
    written_at: datetime | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """An agent's own words. Numbers on the page never come from here."""

    standup: int
    agent: str
    body: str
    received_at: datetime
