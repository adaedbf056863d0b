"""Deliver the outbox as files; notice what readers archived; let defaults of unanswered questions hold."""

from datetime import datetime

from org.comms import mailbox
from org.lab import replies
from org.lab.apart import Apart
from org.lab.lab import Lab
from org.model.agent import Control
from org.model.message import Message
from org.store import mail
from org.store.tables import AGENTS, MESSAGES

DEFAULTED = "default"


def step(lab: Lab, now: datetime) -> int:
    """Returns how many messages were delivered. Mail of an agent whose pane a person has waits for the hand-back. What
    cannot be done, as a mailbox that cannot be written, is in nothing else's way and raised at the end."""
    held = {a.name for a in AGENTS.select(lab.ledger.reader) if a.control is not Control.AGENT}
    waiting = [m for m in mail.undelivered(lab.ledger.reader) if m.to not in held]
    with Apart() as apart:
        for message in waiting:
            with apart.one():
                _deliver(lab, message, now)
        with apart.one():
            _note_reads(lab, now)
        with apart.one():
            _settle_questions(lab, now)
    return len(waiting)


def _deliver(lab: Lab, message: Message, now: datetime) -> None:
    """The file first, then the row: a kill in between delivers the same file again, under the same name."""
    mailbox.put(lab.layout.mailbox(message.to), message)
    with lab.ledger.transaction() as tx:
        MESSAGES.update(tx, message.id, delivered_at=now)


def _note_reads(lab: Lab, now: datetime) -> None:
    unread = MESSAGES.select(lab.ledger.reader, "WHERE delivered_at IS NOT NULL AND read_at IS NULL")
    archived = [m.id for m in unread if mailbox.is_archived(lab.layout.mailbox(m.to), m.id)]
    if archived:
        with lab.ledger.transaction() as tx:
            for id in archived:
                MESSAGES.update(tx, id, read_at=now)


def _settle_questions(lab: Lab, now: datetime) -> None:
    """Let a default hold that is due, unless the person has answered in a standup's page, or is just writing there."""
    if not _due(lab, now):
        return
    replies.step(lab, now)
    if not replies.any_being_written(lab, now):
        for question, default in _due(lab, now):
            with lab.ledger.transaction() as tx:
                mail.answer(tx, question, default, DEFAULTED, now)


def _due(lab: Lab, now: datetime) -> list[tuple[str, str]]:
    """Questions whose time is up, each with its default."""
    questions = mail.open_questions(lab.ledger.reader)
    return [(q.id, q.default_answer) for q in questions if q.due_at and q.due_at <= now and q.default_answer is not None]
