"""Agents that an error stopped are told to go on, in growing pauses; a person hears of those that wait for one."""

from datetime import UTC, datetime, timedelta

from laboratory import Laboratory, make

from org.lab.guiding import troubles
from org.model.agent import Cause, State
from org.model.message import HUMAN
from org.store import agents
from org.store.tables import MESSAGES

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def waits(lab: Laboratory, cause: Cause, at: datetime, reason: str = "") -> None:
    with lab.lab.ledger.transaction() as tx:
        agents.set_state(tx, "junior-1", State.WORKING, at)
        agents.set_state(tx, "junior-1", State.WAITING, at, reason or cause.value, cause)


def letters(lab: Laboratory, to: str) -> list[str]:
    return [m.subject for m in MESSAGES.select(lab.lab.ledger.reader, 'WHERE "to" = ? ORDER BY sent_at', to)]


def test_after_an_error_an_agent_is_told_to_go_on_once_and_ever_later(tmp_path) -> None:
    lab = make(tmp_path)
    at = NOW
    for count in range(4):
        waits(lab, Cause.API_ERROR, at)
        pause = troubles.PAUSE * 2**count
        assert troubles.step(lab.lab, at + pause - timedelta(seconds=1)) == []
        assert troubles.step(lab.lab, at + pause) == ["junior-1"]
        assert troubles.step(lab.lab, at + pause + timedelta(seconds=1)) == []
        at += pause + timedelta(seconds=5)
    assert letters(lab, "junior-1") == ["The provider's error is over: go on"] * 4
    for _ in range(9):
        waits(lab, Cause.API_ERROR, at)
        at += timedelta(minutes=70)
        troubles.step(lab.lab, at)
        at += timedelta(seconds=5)
    in_a_row = [m for m in MESSAGES.select(lab.lab.ledger.reader) if m.sent_at > at - troubles.CALM]
    assert len(in_a_row) <= troubles.LETTERS


def test_a_person_hears_once_of_an_agent_that_waits_for_one(tmp_path) -> None:
    lab = make(tmp_path)
    waits(lab, Cause.PERMISSION, NOW, "may it run `rm -r x`?")
    assert troubles.step(lab.lab, NOW + timedelta(minutes=1)) == []
    assert troubles.step(lab.lab, NOW + timedelta(minutes=3)) == ["junior-1"]
    assert troubles.step(lab.lab, NOW + timedelta(minutes=4)) == []
    assert letters(lab, HUMAN) == ["junior-1 waits for you: may it run `rm -r x`?"]
