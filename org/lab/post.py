"""Deliver the outbox as files; notice what readers archived; let defaults of unanswered questions hold."""

from datetime import datetime

from org.comms import mailbox
from org.lab.lab import Lab
from org.model.agent import Control
from org.model.errors import OrgError
from org.model.message import Message
from org.store import mail
from org.store.tables import AGENTS, MESSAGES

DEFAULTED = "default"


def step(lab: Lab, now: datetime) -> int:
    """Returns how many messages were delivered. Mail of an agent whose pane a person has waits for the hand-back."""
    held = {a.name for a in AGENTS.select(lab.ledger.reader) if a.control is not Control.AGENT}
    waiting = [m for m in mail.undelivered(lab.ledger.reader) if m.to not in held]
    failed = [error for message in waiting if (error := _tried(lab, message, now)) is not None]
    _settle_questions(lab, now)
    _note_reads(lab, now)
    if failed:  # only now: a mailbox that cannot be written must not be in the way of the others
        raise failed[0]
    return len(waiting)


def _tried(lab: Lab, message: Message, now: datetime) -> OSError | OrgError | None:
    try:
        _deliver(lab, message, now)
    except (OSError, OrgError) as error:
        return error
    return None


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
    for question in mail.open_questions(lab.ledger.reader):
        if question.due_at is not None and question.due_at <= now and question.default_answer is not None:
            with lab.ledger.transaction() as tx:
                mail.answer(tx, question.id, question.default_answer, DEFAULTED, now)
