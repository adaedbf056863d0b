"""Tokens and dollars: one warning at 80 %, at the end a hand-off and then nothing; a raised limit lets go on."""

import json
from datetime import timedelta

import pytest
from office_at_night import Night

from org.config import Price
from org.lab import propose
from org.lab.propose import Proposal
from org.lab.spend import limits, parking
from org.lab.spend.parking import Action
from org.model.agent import ControlEvent, State
from org.model.errors import Refused
from org.model.experiment import Claim
from org.model.nudge import Way
from org.store import agents, nudges
from org.store.tables import AGENTS, PROGRAMS


def step(night: Night) -> None:
    parking.step(night.lab, night.now())


def parks(night: Night, name: str) -> str | None:
    return limits.parks(night.lab, night.agent(name), night.now())


def spend_it_all(night: Night, name: str = "ann", calls: int = 10) -> None:
    for _ in range(calls):
        night.calls(name, 100)
    step(night)


def announce(night: Night, name: str) -> None:
    """The office has told the agent of its letters."""
    night.reads_all(name)
    with night.lab.ledger.transaction() as tx:
        told = tuple(m.id for m in night.letters(name))
        nudges.make(tx, name, "letters", told, Way.TYPED, night.now())


def test_at_eighty_percent_agent_chief_and_person_are_told_once(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    for _ in range(7):
        night.calls("ann", 100)
    step(night)
    assert not night.letters("ann", "near")
    night.calls("ann", 110)
    for _ in range(3):
        step(night)
    for reader in ("ann", "chief", "human"):
        assert len(night.letters(reader, "limits.tokens of ann is near")) == 1, reader
    assert "810 of 1 k are spent" in night.letters("ann", "near")[0].body
    assert parks(night, "ann") is None and parks(night, "bob") is None


def test_the_hand_off_still_fits_into_the_limit(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    for _ in range(9):
        night.calls("ann", 101)
    step(night)
    assert night.letters("ann", "Hand off now"), "three more calls of 100 would pass it"
    night.own_limits("bob", tokens=1000)
    for _ in range(90):
        night.calls("bob", 10)
    step(night)
    assert not night.letters("bob", "Hand off now"), "three more calls of 10 fit in"


def test_a_spent_agent_is_woken_once_for_its_last_letter_and_then_no_more(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    assert parks(night, "ann") is None, "its last letter is not announced yet"
    body = night.letters("ann", "Hand off now")[0].body
    assert "lifts every older order" in body and 'org send chief "Hand-off of ann"' in body
    night.reads_all("ann")
    assert "limits.tokens of ann: 1 k of 1 k are spent" in str(parks(night, "ann"))
    assert parks(night, "bob") is None


def test_after_the_grace_it_is_paused_with_the_reason(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    announce(night, "ann")
    night.later(minutes=4.9)
    step(night)
    assert night.agent("ann").state is State.WORKING
    night.later(minutes=0.2)
    step(night)
    ann = night.agent("ann")
    assert ann.state is State.PAUSED and "limits.tokens of ann" in ann.reason and "org start" in ann.reason
    assert parking.is_parked(ann)
    with pytest.raises(Refused, match="is paused"):
        propose.propose(night.lab, "ann", Proposal(Claim.IMPROVE, "s", "b", "p"), night.now())


def test_an_agent_that_has_handed_off_is_paused_without_waiting(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    night.reads_all("ann")
    night.later(seconds=30)
    night.becomes("ann", State.IDLE)
    step(night)
    assert night.agent("ann").state is State.PAUSED


def test_an_agent_that_a_person_has_is_left_to_the_person(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    with night.lab.ledger.transaction() as tx:
        agents.set_control(tx, "ann", ControlEvent.TAKE, night.now(), "human")
    spend_it_all(night)
    night.later(minutes=30)
    step(night)
    assert night.agent("ann").state is State.WORKING


def test_a_raised_limit_lets_it_go_on_and_lifts_old_orders(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    announce(night, "ann")
    night.later(minutes=6)
    step(night)
    night.own_limits("ann", tokens=5000)
    step(night)
    assert night.agent("ann").state is State.IDLE and parks(night, "ann") is None
    assert "is lifted" in night.letters("ann", "no longer parked")[0].body
    for _ in range(31):
        night.calls("ann", 100)
    step(night)
    assert len(night.letters("ann", "is near")) == 1, "another limit warns anew"


def test_a_pause_by_a_person_is_not_lifted(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    with night.lab.ledger.transaction() as tx:
        agents.set_state(tx, "ann", State.PAUSED, night.now(), "I want to look at this")
    step(night)
    spend_it_all(night)
    assert night.agent("ann").reason == "I want to look at this"
    night.own_limits("ann", tokens=5000)
    step(night)
    assert night.agent("ann").state is State.PAUSED


def test_resuming_a_spent_agent_parks_it_again(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    night.later(minutes=6)
    step(night)
    night.ask("resume", target="ann")
    step(night)
    assert night.agent("ann").state is State.PAUSED
    assert len(night.letters("ann", "Hand off now")) == 1


def test_the_labs_tokens_park_everybody_with_a_model(night: Night) -> None:
    night.limits(tokens=1000)
    spend_it_all(night)
    for name in ("chief", "ann", "bob", "cyd"):
        assert night.letters(name, "Hand off now: limits.tokens"), name
    assert not night.letters("dee", "Hand off") and parks(night, "dee") is None, "it costs nothing"
    assert "Hand-off of chief" in night.letters("chief", "Hand off now")[0].body
    night.later(minutes=6)
    step(night)
    assert {night.agent(n).state for n in ("chief", "ann", "bob", "cyd")} == {State.PAUSED}
    assert night.agent("dee").state is State.WORKING


def test_a_programs_tokens_park_who_works_on_it_until_another_program(night: Night) -> None:
    with night.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"tokens": 1000})
        AGENTS.update(tx, "bob", program=None)
    spend_it_all(night)
    night.reads_all("ann")
    assert "the allowance of free (tokens)" in str(parks(night, "ann")) and parks(night, "bob") is None
    night.later(minutes=6)
    step(night)
    assert night.agent("ann").state is State.PAUSED
    with night.lab.ledger.transaction() as tx:
        AGENTS.update(tx, "ann", program=None)
    step(night)
    assert night.agent("ann").state is State.IDLE


def test_a_dollar_limit_counts_prices_and_says_once_what_it_cannot_count(night: Night) -> None:
    night.limits(dollars=1.0)
    night.configure(prices={"big-1": Price(input=100.0, output=100.0)})
    night.calls("cyd", 1_000_000_000, "small-1")
    for _ in range(3):
        step(night)
    assert len(night.letters("human", "cost unknown: small-1")) == 1
    assert "limits.dollars cannot count it" in night.letters("human", "cost unknown")[0].body
    assert limits.full_for(night.lab, night.agent("ann")) is None, "a price is never guessed"
    for _ in range(10):
        night.calls("ann", 1000)
    assert limits.full_for(night.lab, night.agent("ann")) is not None


def test_our_own_agent_is_stopped_before_the_call_that_would_pass_its_limit(night: Night) -> None:
    night.own_limits("cyd", tokens=1000)
    note = night.lab.layout.home("cyd") / "allowance.json"
    for _ in range(7):
        night.calls("cyd", 130)
    step(night)
    assert night.letters("cyd", "Hand off now") and json.loads(note.read_text())["stop"].startswith("limits.tokens of cyd: 910")
    night.own_limits("cyd", tokens=9000)
    step(night)
    assert not note.exists()


def test_our_own_agent_still_writes_its_hand_off_and_then_makes_no_call(night: Night) -> None:
    night.own_limits("cyd", tokens=1000)
    note = night.lab.layout.home("cyd") / "allowance.json"
    for _ in range(31):
        night.calls("cyd", 30)
    step(night)
    assert night.letters("cyd", "Hand off now") and not note.exists(), "two more calls of 30 fit"
    night.later(minutes=6)
    step(night)
    assert night.agent("cyd").state is State.PAUSED and note.exists()
    night.own_limits("cyd", tokens=9000)
    step(night)
    assert not note.exists() and night.agent("cyd").state is State.IDLE


def test_a_parked_agent_that_goes_on_is_interrupted_and_then_ended(night: Night) -> None:
    night.own_limits("ann", tokens=1000)
    spend_it_all(night)
    night.later(minutes=6)
    step(night)
    assert parking.overruns(night.lab, night.now()) == []
    night.later(seconds=20)
    night.calls("ann", 10)
    (first,) = parking.overruns(night.lab, night.now())
    assert (first.agent, first.action) == ("ann", Action.INTERRUPT)
    parking.acted(night.lab, first, night.now())
    night.later(seconds=30)
    night.calls("ann", 10)
    assert parking.overruns(night.lab, night.now()) == [], "it has a minute to end its turn"
    night.later(seconds=40)
    with night.lab.ledger.transaction() as tx:
        AGENTS.update(tx, "ann", heard_at=night.now() + timedelta(seconds=1))
    (second,) = parking.overruns(night.lab, night.now())
    assert second.action is Action.STOP
