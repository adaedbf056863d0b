"""What a person is called for, each occurrence once: a question, an agent that waits for them, a device that idles, a limit
that comes near, drift, a finding.

All of it is in the ledger already, as events, letters and idle intervals. A call is written down in the transaction that
moves on, before anybody is called: a kill in between loses a bell and never rings twice.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from org.config.attention import On
from org.lab.lab import Lab
from org.lab.verdicts import findings
from org.model.event import Event
from org.model.experiment import State
from org.model.idle import Cause
from org.model.message import HUMAN, Kind
from org.store import events, idle, meta, reads
from org.store.tables import EVENTS, EXPERIMENTS, QUESTIONS

CALLED = "attention.called"
# Idle on purpose, or for moments: nobody is called for it.
QUIET = frozenset({Cause.TRY, Cause.STARTING, Cause.PAUSED, Cause.GANG, Cause.STOPPING, Cause.STOPPED, Cause.DOWN, Cause.DRIFT})
_LETTERS: tuple[tuple[str, On], ...] = (("stuck-", "stuck"), ("limit-", "budget"))


@dataclass(frozen=True, slots=True)
class Call:
    """key: names the occurrence, over restarts too. words: one line, without control characters."""

    on: On
    key: str
    words: str


def step(lab: Lab, now: datetime) -> list[Call]:
    """Write down what is new and return it. What happened before the lab first looked calls nobody."""
    con = lab.ledger.reader
    looked, newest = meta.get(con, "attention_event"), reads.newest_event(con)
    happened = [] if looked is None else _happened(lab, con, int(looked), newest)
    due = {call.key: call for call in (*happened, *_idle(lab, con, now)) if call.on in lab.config.attention.on}
    wanted = [Call(call.on, key, _line(call.words)) for key, call in due.items() if not _is_told(con, key)]
    if not wanted and looked == str(newest):
        return []
    with lab.ledger.transaction() as tx:
        meta.put(tx, "attention_event", str(newest))
        for call in wanted:
            events.append(tx, CALLED, call.key, at=now, on=call.on, words=call.words)
    return wanted


def _is_told(con: sqlite3.Connection, key: str) -> bool:
    """Whether somebody was called for this occurrence before."""
    return bool(EVENTS.count(con, "WHERE subject = ? AND kind = ?", key, CALLED))


def _happened(lab: Lab, con: sqlite3.Connection, after: int, newest: int) -> list[Call]:
    tail = "WHERE id > ? AND id <= ? AND kind IN ('message.sent', 'agent.paused', 'drift.alarm', 'rung.held', ?) ORDER BY id"
    found = (_of_event(lab, con, e) for e in EVENTS.select(con, tail, after, newest, f"experiment.{State.CERTIFIED.value}"))
    return [call for call in found if call is not None]


def _of_event(lab: Lab, con: sqlite3.Connection, event: Event) -> Call | None:
    key = f"{event.kind}-{event.subject}-{event.id}"
    match event.kind:
        case "message.sent":
            return _of_letter(con, event) if event.detail.get("to") == HUMAN else None
        case "agent.paused":  # by hand or by a limit, somebody knows; after too many deaths nobody does
            died = "in a row" in str(event.detail.get("reason"))
            return Call("stuck", key, f"{event.subject} is paused: {event.detail['reason']}") if died else None
        case "drift.alarm":
            return Call("drift", key, f"nothing is merged: {event.detail['reason']}")
        case _:
            e = EXPERIMENTS.get(con, event.subject)
            merged = f"finding-{e.id}-{e.merged_commit}"  # certified, and held at one rung or at several: one finding
            return Call("finding", merged, f"{e.id} is a finding: {e.subject}") if findings.is_one(lab, con, e) else None


def _of_letter(con: sqlite3.Connection, event: Event) -> Call | None:
    subject = str(event.detail.get("subject"))
    if event.detail.get("kind") == Kind.QUESTION.value:
        asked = QUESTIONS.find(con, event.subject)
        answered = asked is not None and asked.answer is not None
        return None if answered else Call("question", event.subject, f"{event.actor} asks: {subject}")
    on = next((on for start, on in _LETTERS if event.subject.startswith(start)), None)
    return None if on is None else Call(on, event.subject, subject)


def _idle(lab: Lab, con: sqlite3.Connection, now: datetime) -> list[Call]:
    """Devices that are without a run for too long, and nobody wanted it so."""
    patience = timedelta(minutes=lab.config.attention.idle_min)
    found = []
    for interval in idle.current(con).values():
        key = f"idle-{interval.id}"
        if interval.cause in QUIET or now - interval.since < patience:
            continue
        detail = f" ({interval.detail})" if interval.detail else ""
        minutes = (now - interval.since).total_seconds() / 60
        found.append(Call("device_idle", key, f"{interval.device} idle for {minutes:.0f} min: {interval.cause.value}{detail}"))
    return found


def _line(words: str) -> str:
    """One line of printable characters: some of it is written by agents, and ends in terminals."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:200]
