"""A rate limit of one agent holds all that share its key; afterwards they are woken one by one, boundedly."""

from datetime import datetime, timedelta

from office_at_night import Night

from org.config import AgentConfig
from org.lab.spend import credentials, limits
from org.model.agent import Cause, ControlEvent, State
from org.model.message import Kind
from org.store import agents, mail

GROUP = ("chief", "ann", "bob")


def step(night: Night) -> None:
    credentials.step(night.lab, night.now())


def parks(night: Night, name: str) -> str | None:
    return limits.parks(night.lab, night.agent(name), night.now())


def refuse(night: Night, name: str = "ann", minutes: float | None = 10) -> datetime | None:
    """The provider refuses the agent; it says until when, or does not."""
    until = None if minutes is None else night.now() + timedelta(minutes=minutes)
    night.becomes(name, State.WORKING)
    night.becomes(name, State.WAITING, Cause.RATE_LIMIT, until)
    step(night)
    return until


def test_a_429_of_one_holds_all_that_share_its_key_and_nobody_else(night: Night) -> None:
    until = refuse(night)
    assert until is not None
    for name in GROUP:
        assert f"KEY_A is rate-limited until {until:%H:%M} UTC" in str(parks(night, name)), name
    assert "(ann was refused)" in str(parks(night, "bob")) and "(it was refused)" in str(parks(night, "ann"))
    assert parks(night, "cyd") is None and parks(night, "dee") is None


def test_a_later_end_told_to_another_of_the_group_holds_longer(night: Night) -> None:
    refuse(night, "ann", 10)
    later = refuse(night, "bob", 30)
    night.later(minutes=13)
    assert f"until {later:%H:%M}" in str(parks(night, "chief"))


def test_after_the_end_they_are_woken_one_by_one_a_minute_or_two_later(night: Night) -> None:
    until = refuse(night)
    assert until is not None
    freed: dict[str, datetime] = {}
    while len(freed) < len(GROUP):
        night.later(seconds=1)
        for name in GROUP:
            if name not in freed and parks(night, name) is None:
                freed[name] = night.now()
    waits = sorted((at - until).total_seconds() for at in freed.values())
    for place, wait in enumerate(waits):
        assert 60 + 20 * place <= wait <= 81 + 20 * place, f"each has a third of the second minute: {waits}"


def test_who_was_refused_gets_one_letter_at_its_moment_and_may_be_woken(night: Night) -> None:
    refuse(night)
    night.later(minutes=10, seconds=30)
    step(night)
    assert not night.letters("ann", "rate limit is over")
    night.later(minutes=2)
    for _ in range(3):
        step(night)
    assert len(night.letters("ann", "rate limit is over")) == 1
    assert "lifted" in night.letters("ann", "rate limit is over")[0].body
    assert credentials.is_over(night.lab, night.agent("ann"), night.now())
    assert not night.letters("bob", "rate limit"), "it was only held, its mail wakes it"


def test_an_end_that_nobody_tells_is_guessed_and_grows(night: Night) -> None:
    refuse(night, minutes=None)
    night.later(minutes=5)
    assert parks(night, "bob") is not None
    night.later(minutes=2.1)
    assert parks(night, "bob") is None
    refuse(night, minutes=None)
    night.later(minutes=10)
    assert parks(night, "bob") is not None, "twice as long the second time"
    night.later(minutes=2.1)
    assert parks(night, "bob") is None
    night.calls("bob", 10)
    refuse(night, minutes=None)
    night.later(minutes=7.1)
    assert parks(night, "bob") is None, "a call went through in between"


def test_after_five_wakes_for_nothing_a_person_is_told_and_it_is_left(night: Night) -> None:
    for _ in range(7):
        refuse(night, minutes=10)
        night.later(minutes=13)
        step(night)
    assert len(night.letters("ann", "rate limit is over")) == credentials.WAKES
    assert len(night.letters("human", "ann is refused again and again")) == 1
    night.calls("ann", 10)
    refuse(night, minutes=10)
    night.later(minutes=13)
    step(night)
    assert len(night.letters("ann", "rate limit is over")) == credentials.WAKES + 1, "a success starts afresh"


def test_anything_that_a_person_does_with_it_clears_the_hold_for_it(night: Night) -> None:
    refuse(night, "ann", 60)
    night.later(minutes=1)
    with night.lab.ledger.transaction() as tx:
        mail.post(tx, "human", "ann", Kind.NOTE, "look again", "now", night.now())
        agents.set_control(tx, "bob", ControlEvent.TAKE, night.now(), "human")
        agents.set_control(tx, "bob", ControlEvent.HAND_BACK, night.now(), "human")
    assert parks(night, "ann") is None and parks(night, "bob") is None
    assert parks(night, "chief") is not None
    night.ask("resume", target="chief")
    assert parks(night, "chief") is None


def test_what_an_agent_pays_with() -> None:
    def paid(**entry: object) -> str | None:
        return credentials.credential(AgentConfig.model_validate({"role": "junior", **entry}))

    assert paid(backend="offline") is None and paid(backend="human") is None and paid(backend="replay") is None
    assert paid(backend="claude") == paid(backend="claude", model="other") == "the claude login"
    assert paid(backend="codex") != paid(backend="claude")
    assert paid(backend="claude", key_env="K") == paid(backend="api", key_env="K") == "K"
    assert paid(backend="api", key_env="K", base_url="http://127.0.0.1:1") == "K at http://127.0.0.1:1"
