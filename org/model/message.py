"""A message between mailboxes, and a question to a person, which is a message that may have a default."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

HUMAN = "human"  # the address of the person
OFFICE = "office"  # the supervisor's own address


class Kind(StrEnum):
    NOTE = "note"  # from one agent or person to another
    VERDICT = "verdict"
    ASSIGNMENT = "assignment"
    STANDUP = "standup"  # a request for a section
    QUESTION = "question"
    ANSWER = "answer"
    HANDBACK = "handback"
    STEERING = "steering"  # a person's direction


@dataclass(frozen=True, slots=True)
class Message:
    """delivered_at: the file is in the reader's new/. read_at: the reader archived it."""

    id: str
    sender: str
    to: str
    kind: Kind
    subject: str
    body: str
    sent_at: datetime
    refs: tuple[str, ...] = ()
    reply_to: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the person. Without an answer at due_at the default holds; the asker never waits."""

    id: str  # of its message
    asker: str
    text: str
    asked_at: datetime
    default_answer: str | None = None
    due_at: datetime | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
