"""The offline agents keep to the bounds that others are told of: no grinding of one key, no idea drawn twice, reviews."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import offline_lab
import pytest
from offline_lab import OfflineLab

from org.agents.offline import proposer, space
from org.agents.offline.author import Author
from org.agents.offline.chief import Chief
from org.agents.offline.trials import Trial
from org.lab import ideas
from org.model.experiment import State
from org.model.message import Kind
from org.store import meta

DIMENSIONS = space.parse({"a": {"low": 0, "high": 1}, "b": {"low": 0, "high": 1}}, "p")
HEAD = {"a": 0.5, "b": 0.5}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[OfflineLab]:
    made = offline_lab.make(tmp_path)
    yield made
    made.book.close()


def trial(number: int, key: str, value: float, state: State = State.DISCARDED, gain: float = 0.02) -> Trial:
    return Trial(f"E{number}", key, 0.5, value, state, gain, 0.01, 2.0, 0.01)


def keys(past: list[Trial], seeds: range = range(24)) -> set[str]:
    return {change.key for seed in seeds if (change := proposer.choose(DIMENSIONS, HEAD, past, seed=seed))}


def test_after_two_tries_of_a_key_without_a_keep_another_one_is_due() -> None:
    promising = [trial(1, "b", 0.9, gain=-0.05), trial(2, "a", 0.6)]
    assert "a" in keys(promising), "one is not two"
    assert keys([*promising, trial(3, "a", 0.65)]) == {"b"}
    assert keys([*promising, trial(3, "a", 0.65, State.RACING)]) == {"b"}, "what still races counts"


def test_a_keep_among_the_two_lets_it_go_on() -> None:
    for kept in (State.MERGED, State.QUEUED, State.BETTER):
        assert "a" in keys([trial(1, "b", 0.9, gain=-0.05), trial(2, "a", 0.6), trial(3, "a", 0.65, kept)])


def test_the_last_key_that_has_something_left_is_tried_to_its_end() -> None:
    one = space.parse({"a": {"low": 0, "high": 1}}, "p")
    past = [trial(n, "a", 0.6 + n / 20) for n in range(1, 4)]
    assert proposer.choose(one, HEAD, past, seed=0) is not None


def test_a_long_campaign_never_grinds_a_key() -> None:
    past: list[Trial] = []
    dimensions = space.parse({k: {"low": 0, "high": 1} for k in "abcd"}, "p")
    head = dict.fromkeys("abcd", 0.5)
    for number in range(30):
        change = proposer.choose(dimensions, head, past, seed=number)
        assert change is not None
        past.append(trial(number, change.key, float(change.after), gain=0.03 if change.key == "a" else -0.03))
    for at in range(len(past) - 2):
        assert len({t.key for t in past[at : at + 3]}) > 1, "three in a row"


def test_a_junior_draws_an_idea_before_it_works_and_leaves_others_ideas_alone(place: OfflineLab) -> None:
    with place.book.transaction() as tx:
        ideas.add(tx, "softcap = 20", "mira", place.now, "schedule")
    desk = place.desk()
    Author(desk).move("schedule")
    assert place.calls("idea") == [["idea", "--draw", "1"]]
    assert [e.subject for e in place.experiments()] == ["softcap 15 → 20"]


def test_what_another_junior_has_in_hand_is_neither_taken_nor_tried(place: OfflineLab) -> None:
    place.add_agent("junior-2", program="schedule")
    with place.book.transaction() as tx:
        ideas.add(tx, "softcap = 20", "mira", place.now, "schedule")
        ideas.draw(tx, 1, "junior-2", place.now)
    Author(place.desk()).move("schedule")
    [made] = place.experiments()
    assert made.idea is None and made.subject != "softcap 15 → 20" and place.calls("idea") == []


def test_a_draw_that_comes_too_late_leads_to_another_change(place: OfflineLab) -> None:
    with place.book.transaction() as tx:
        ideas.add(tx, "softcap = 20", "mira", place.now, "schedule")
    place.refuse(idea="junior-2 has idea 1 in hand")
    Author(place.desk()).move("schedule")
    [made] = place.experiments()
    assert made.idea is None and made.subject != "softcap 15 → 20"


def test_where_reviews_are_the_chiefs_a_chief_by_rule_lets_proposals_run(place: OfflineLab) -> None:
    with place.book.transaction() as tx:
        meta.put(tx, "config", '{"protocol": {"approve": "chief"}}')
    Author(place.desk()).move("schedule")
    chief = Chief(place.desk("chief"), list, ())
    chief.step()
    assert place.calls("approve") == [["approve", "E1"]]
    with place.book.transaction() as tx:
        meta.put(tx, "config", '{"protocol": {"approve": "human"}}')
    Author(place.desk()).move("schedule")
    place.later()
    chief.step()
    assert len(place.calls("approve")) == 1


def test_a_chief_by_rule_leaves_a_direction_to_the_juniors_who_read_it_too(place: OfflineLab) -> None:
    message = place.letter(Kind.STEERING, "softcap = 20", to="chief", id="steer-1-chief")
    told = replace(message, refs=("schedule", "junior-1", "chief"))
    path = place.layout.mailbox("chief") / "new" / f"{message.id}.md"
    from org.comms import letter

    path.write_text(letter.write(told), encoding="utf-8")
    Chief(place.desk("chief"), list, ()).step()
    assert place.calls("idea") == [] and place.calls("reply")[0][2] == "It is with junior-1."
