"""Messages and questions. A message is written in the transaction that causes it and delivered as a file afterwards,
so that nothing is said twice or lost (an outbox)."""

import sqlite3
import uuid
from datetime import datetime

from org.model import names
from org.model.errors import Refused
from org.model.message import HUMAN, Kind, Message, Question
from org.store import events
from org.store.tables import MESSAGES, QUESTIONS


def post(
    con: sqlite3.Connection, sender: str, to: str, kind: Kind, subject: str, body: str, now: datetime,
    refs: tuple[str, ...] = (), reply_to: str | None = None, id: str | None = None,
) -> Message:  # fmt: skip
    """Put a message into the outbox. With an id of its own a message is posted once, however often this is called.
    A reader whose mailbox could not be named is refused here: in the outbox it would be in the way of every later message."""
    message = Message(
        id=id or f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}", sender=sender, to=names.part("a mailbox", to),
        kind=kind, subject=subject, body=body, sent_at=now, refs=refs, reply_to=reply_to,
    )  # fmt: skip
    if MESSAGES.find(con, message.id) is None:
        MESSAGES.insert(con, message)
        events.append(con, "message.sent", message.id, sender, now, to=to, subject=subject, kind=kind.value)
    return message


def undelivered(con: sqlite3.Connection) -> list[Message]:
    return MESSAGES.select(con, "WHERE delivered_at IS NULL ORDER BY sent_at, id")


def of_reader(con: sqlite3.Connection, reader: str, unread_only: bool = False) -> list[Message]:
    tail = "AND read_at IS NULL" if unread_only else ""
    return MESSAGES.select(con, f'WHERE "to" = ? {tail} ORDER BY sent_at, id', reader)


def ask(con: sqlite3.Connection, asker: str, text: str, now: datetime, default: str | None, due_at: datetime | None) -> Question:
    """Ask the person. Without an answer at due_at the default is taken; the asker goes on at once."""
    if not text.strip():
        raise Refused("a question needs words")
    tail = f"\n\nWithout an answer by {due_at:%Y-%m-%d %H:%M} UTC: {default}." if default and due_at else ""
    message = post(con, asker, HUMAN, Kind.QUESTION, text.strip().splitlines()[0][:80], text + tail, now)
    question = Question(message.id, asker, text, now, default, due_at)
    QUESTIONS.insert(con, question)
    return question


def answer(con: sqlite3.Connection, id: str, text: str, by: str, now: datetime) -> Question:
    """Record the answer and send it to the asker. A question is answered once; later words are plain messages."""
    question = QUESTIONS.get(con, id)
    if question.answer is None:
        QUESTIONS.update(con, id, answer=text, answered_by=by, answered_at=now)
        events.append(con, "question.answered", id, by, now, answer=text)
    post(con, by, question.asker, Kind.ANSWER, f"Re: {question.text[:60]}", text, now, reply_to=id)
    return QUESTIONS.get(con, id)


def open_questions(con: sqlite3.Connection) -> list[Question]:
    return QUESTIONS.select(con, "WHERE answer IS NULL ORDER BY asked_at")
