"""Idle with work: told a next step, in growing pauses and not for ever; grinding and looping are told once."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from laboratory import git
from office_at_night import Night

from org.lab import ideas as backlog
from org.lab.guiding import grinding, idling
from org.model.agent import Cause, ControlEvent, State
from org.model.errors import Refused
from org.model.experiment import Event
from org.model.message import Kind
from org.store import agents, experiments, mail, meta
from org.store.tables import AGENTS

IDLE = "You are idle"


def step(night: Night) -> list[str]:
    return idling.step(night.lab, night.now())


def idles(night: Night, name: str = "ann", **span: float) -> None:
    night.becomes(name, State.IDLE)
    night.later(**span)


def letters(night: Night, name: str = "ann") -> int:
    return len(night.letters(name, IDLE))


def test_an_idle_agent_with_room_is_told_a_concrete_next_step(night: Night) -> None:
    made = night.change("ann", 0.001, lr=0.3)
    night.until(night.settled(made.id))
    night.reads_all("ann")
    with night.lab.ledger.transaction() as tx:
        backlog.add(tx, "try degree = 4", "human", night.now(), "free")
    idles(night, minutes=2.9)
    assert step(night) == []
    night.later(minutes=0.2)
    assert step(night) == ["ann"]
    (told,) = night.letters("ann", IDLE)
    for words in ("0 of 2 experiments open", f"- {made.id} ", "try degree = 4", "Next: `org next`", "Older orders are lifted"):
        assert words in told.body, words


def test_a_change_that_stands_unproposed_is_named(night: Night) -> None:
    night.edit("ann", {"fit/recipe.yaml": lambda text: text.replace("0.2", "0.25")})
    idles(night, minutes=4)
    step(night)
    assert "your commit waits" in night.letters("ann", IDLE)[0].body


def test_letters_come_in_growing_pauses_and_end_with_word_to_the_chief(night: Night) -> None:
    idles(night, minutes=3)
    sent = []
    for minute in range(240):
        if step(night):
            sent.append(minute)
            night.reads_all("ann")
            night.becomes("ann", State.WORKING)
            night.becomes("ann", State.IDLE)
        night.later(minutes=1)
    pauses = [b - a for a, b in itertools.pairwise(sent)]
    assert pauses == [6, 12, 24, 48]
    assert letters(night) == idling.LETTERS == 5
    assert len(night.letters("chief", "ann does nothing")) == 1
    assert not night.letters("human", "ann does nothing"), "there is a chief"


def test_a_proposal_starts_the_count_afresh(night: Night) -> None:
    idles(night, minutes=4)
    assert step(night) == ["ann"]
    night.reads_all("ann")
    night.edit("ann", {"fit/recipe.yaml": lambda text: text.replace("0.2", "0.25")})
    night.propose("ann")
    with night.lab.ledger.transaction() as tx:
        tx.execute("UPDATE experiments SET created_at = ?", (night.now().isoformat(timespec="milliseconds"),))
    idles(night, minutes=3.5)
    assert step(night) == ["ann"], "one slot is still free, and it is the first letter again"


@pytest.mark.parametrize(
    "why", ["unread", "person", "limit", "no room", "no program", "held", "interrupted", "working", "offline"]
)
def test_it_is_left_alone(night: Night, why: str) -> None:
    name = "dee" if why == "offline" else "ann"
    idles(night, name, minutes=10)
    with night.lab.ledger.transaction() as tx:
        match why:
            case "unread":
                mail.post(tx, "chief", "ann", Kind.NOTE, "hello", "there", night.now())
            case "person":
                agents.set_control(tx, "ann", ControlEvent.TAKE, night.now(), "human")
            case "no program":
                AGENTS.update(tx, "ann", program=None)
            case "held":
                meta.put(tx, "paused", "lunch")
            case "interrupted":
                agents.set_state(tx, "ann", State.IDLE, night.now(), cause=Cause.INTERRUPTED)
            case "working":
                agents.set_state(tx, "ann", State.WORKING, night.now())
    if why == "limit":
        night.own_limits("ann", tokens=10)
        night.calls("ann", 100)
    if why == "no room":
        for lr in (0.3, 0.4):
            night.change("ann", 0.1, lr=lr)
    assert step(night) == []
    assert letters(night, name) == 0


def test_who_was_interrupted_is_given_a_quarter_of_an_hour(night: Night) -> None:
    night.becomes("ann", State.IDLE, Cause.INTERRUPTED)
    night.later(minutes=15.1)
    assert step(night) == ["ann"]


def test_an_idle_chief_is_told_of_juniors_without_a_program(night: Night) -> None:
    night.becomes("chief", State.IDLE)
    night.later(minutes=4)
    assert step(night) == []
    with night.lab.ledger.transaction() as tx:
        AGENTS.update(tx, "bob", program=None)
    assert step(night) == ["chief"]
    assert "bob has no open program. Open programs: free." in night.letters("chief", IDLE)[0].body


def decided(night: Night, agent: str, edit: dict[str, object], count: int = 1) -> None:
    """So many discarded experiments of the agent, each with other values of these recipe keys."""
    for i in range(count):
        made = night.recipe(agent, None, **{key: value + i * 0.01 for key, value in edit.items()})  # type: ignore[operator]
        with night.lab.ledger.transaction() as tx:
            for event in (Event.APPROVE, Event.RACE, Event.DISCARD):
                experiments.move(tx, made.id, event, night.later(seconds=1), reason="futile")


def grind(night: Night) -> list[str]:
    return grinding.step(night.lab, night.now())


def test_six_verdicts_in_a_row_on_one_key_are_told_once_to_agent_and_chief(night: Night) -> None:
    decided(night, "ann", {"decay": 0.5})
    decided(night, "ann", {"lr": 0.3}, 5)
    assert grind(night) == []
    decided(night, "ann", {"lr": 0.5})
    assert grind(night) == ["ann"]
    decided(night, "ann", {"lr": 0.6})
    assert grind(night) == [], "it was told"
    for reader in ("ann", "chief"):
        (told,) = night.letters(reader, "grinds on lr")
        assert "6 verdicts in a row without a merge, all on lr" in told.body


def test_verdicts_on_different_surfaces_are_no_grinding(night: Night) -> None:
    for value in (0.3, 0.4, 0.5):
        decided(night, "ann", {"lr": value})
        decided(night, "ann", {"decay": value})
    assert grind(night) == []


def test_a_merge_ends_the_row(night: Night) -> None:
    decided(night, "ann", {"lr": 0.3}, 3)
    good = night.change("ann", 0.3, lr=0.7)
    night.until(night.settled(good.id))
    assert night.experiment(good.id).merged_commit is not None
    decided(night, "ann", {"lr": 0.9}, 5)
    assert grind(night) == []


def real_time() -> datetime:
    """Proposals carry the real time; so must the clock that looks back an hour."""
    return datetime.now(UTC) + timedelta(seconds=5)


def refused(night: Night, agent: str = "ann") -> str:
    with pytest.raises(Refused) as told:
        night.propose(agent, "again")
    return str(told.value)


def test_the_same_refusal_three_times_is_told_once(night: Night) -> None:
    night.clock_at = real_time()
    night.edit("ann", {"fit/data.py": "x = 1\n"}, "outside")
    reason = refused(night)
    refused(night)
    assert grind(night) == []
    refused(night)
    assert grind(night) == ["ann"] and grind(night) == []
    refused(night)
    assert grind(night) == []
    (told,) = night.letters("ann", "repeats a refused proposal")
    assert reason in told.body and "refused 3 times" in told.body
    assert len(night.letters("chief", "ann repeats a refused proposal")) == 1


def test_many_refusals_in_an_hour_are_told_once(night: Night) -> None:
    night.clock_at = real_time()
    night.edit("ann", {"fit/recipe.yaml": lambda text: text.replace("0.2", "0.25")})
    path = night.lab.layout.worktree("ann")
    for number in range(11):
        name = f"extra{number}.py"
        (path / name).write_text("x = 1\n")
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", name)
        refused(night)
    assert grind(night) == ["ann"]
    assert len(night.letters("ann", "proposes what is refused")) == 1
    assert grind(night) == []
