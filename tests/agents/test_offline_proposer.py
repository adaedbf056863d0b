"""What is tried next: pure, seeded, one key at a time, never twice, and better than chance."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from org.agents.offline import hypothesis, proposer, space, trials
from org.agents.offline.proposer import Change
from org.agents.offline.recipe import Value
from org.agents.offline.trials import Trial
from org.model.errors import ConfigError
from org.model.experiment import State
from org.model.idea import Idea

SPACE = space.parse(
    {
        "rate": {"low": 0.01, "high": 1, "log": True}, "decay": {"low": 0, "high": 1},
        "depth": {"low": 1, "high": 9, "int": True}, "kind": ["x", "y", "z"], "beta": {"low": 0.5, "high": 0.99},
    },
    "p",
)  # fmt: skip
HEAD: dict[str, Value] = {"rate": 0.02, "decay": 0.8, "depth": 8, "kind": "x", "beta": 0.6, "other": 1}
BEST: dict[str, Value] = {"rate": 0.3, "decay": 0.2, "depth": 3, "kind": "z", "beta": 0.9}
WEIGHT = {"rate": 3.0, "decay": 1.0, "depth": 1.0, "kind": 0.5, "beta": 0.2}
NOISE = 0.01


def loss(values: dict[str, Value]) -> float:
    total = 0.0
    for key, dimension in SPACE.items():
        if isinstance(dimension, space.Range):
            far = space.position(dimension, float(values[key])) - space.position(dimension, float(BEST[key]))
            total += WEIGHT[key] * far**2
        else:
            total += WEIGHT[key] * (values[key] != BEST[key])
    return total


def campaign(seed: int, count: int, choose) -> tuple[list[Trial], float]:
    """Trials of one program, and the loss at its end; what is better by three sigma is merged."""
    rng, head, past = random.Random(seed), dict(HEAD), []
    for number in range(count):
        change = choose(head, past, seed * 1000 + number)
        if change is None:
            break
        gain = loss(head) - loss({**head, change.key: change.after}) + rng.gauss(0, NOISE)
        kept = gain > 3 * NOISE
        state = State.MERGED if kept else State.DISCARDED
        past.append(Trial(f"E{number}", change.key, change.before, change.after, state, gain, NOISE, gain / NOISE, NOISE))
        if kept:
            head[change.key] = change.after
    return past, loss(head)


def informed(head, past, seed):
    return proposer.choose(SPACE, head, past, seed=seed)


def blind(head, past, seed):
    """A value that nobody tried, of any key, by lot."""
    tried = {(t.key, t.after) for t in past}
    left = [(k, v) for k in SPACE for v in space.grid(SPACE[k]) if v != head[k] and (k, v) not in tried]
    key, value = random.Random(seed).choice(left)
    return Change(key, head[key], value)


def test_the_same_inputs_give_the_same_change():
    past, _ = campaign(1, 8, informed)
    head = {**HEAD, **{t.key: t.after for t in past if t.state is State.MERGED}}
    assert len({informed(head, past, 5) for _ in range(3)}) == 1


def test_another_seed_gives_another_junior_another_change():
    assert len({informed(HEAD, [], seed) for seed in range(8)}) > 3


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_ever_tried_twice_and_the_head_is_never_proposed(seed):
    past, _ = campaign(seed, 40, informed)
    seen: dict[str, list[Value]] = {key: [HEAD[key]] for key in SPACE}
    for trial in past:
        assert trial.before != trial.after
        assert not any(space.same(SPACE[trial.key], trial.after, v) for v in seen[trial.key])
        assert space.holds(SPACE[trial.key], trial.after)
        seen[trial.key].append(trial.after)


def test_every_key_is_looked_at_before_any_is_tuned():
    past, _ = campaign(3, len(SPACE), informed)
    assert {t.key for t in past} == set(SPACE)


def test_a_planted_optimum_is_approached_faster_than_by_lot():
    count, seeds = 9, range(8)
    assert mean(campaign(s, count, informed)[1] for s in seeds) < 0.8 * mean(campaign(s, count, blind)[1] for s in seeds)


def test_a_key_that_only_promises_rests_after_a_while_until_the_others_had_as_many_tries():
    past: list[Trial] = []
    for number in range(26):
        change = informed(HEAD, past, number)
        gain = 0.05 if change.key == "rate" and not any(t.key == "rate" for t in past) else -0.02
        past.append(Trial(f"E{number}", change.key, change.before, change.after, State.DISCARDED, gain, NOISE))
        tries = Counter(trial.key for trial in past if trial.key != "kind")  # of which there are two values only
        least = min(tries[key] for key in ("rate", "decay", "depth", "beta"))
        assert max(tries.values(), default=0) <= (least // proposer.ROUND + 1) * proposer.ROUND, tries
    paid = replace(past[-1], key="rate", state=State.MERGED)
    assert proposer._dry("rate", [*past, paid]) == 0, "a keep begins anew"


def test_an_exhausted_space_gives_no_change():
    only = space.parse({"kind": ["x", "y"]}, "p")
    tried = [Trial("E1", "kind", "x", "y", State.DISCARDED, -0.1)]
    assert proposer.choose(only, HEAD, tried, seed=0) is None


def test_choices_are_exhausted_to_the_last_one():
    only, past = space.parse({"kind": ["x", "y", "z"], "depth": {"low": 7, "high": 9, "int": True}}, "p"), []
    while (change := proposer.choose(only, HEAD, past, seed=len(past))) is not None:
        past.append(Trial(f"E{len(past)}", change.key, change.before, change.after, State.DISCARDED, -0.1))
    assert sorted((t.key, t.after) for t in past) == [("depth", 7), ("depth", 9), ("kind", "y"), ("kind", "z")]


def test_what_races_and_what_was_refused_counts_as_tried():
    only = space.parse({"kind": ["x", "y", "z"]}, "p")
    racing = [Trial("E1", "kind", "x", "y", State.RACING)]
    change = proposer.choose(only, HEAD, racing, seed=0)
    assert change is not None and change.after == "z"
    assert proposer.choose(only, HEAD, racing, seed=0, declined=[("kind", "z")]) is None


def test_a_failed_change_is_as_bad_as_the_worst_and_does_not_stop_the_search():
    past = [Trial(f"E{i}", "decay", 0.8, v, State.FAILED) for i, v in enumerate((0.1, 0.3, 0.5))]
    assert proposer.choose(SPACE, HEAD, past, seed=0) is not None


def test_a_space_key_that_the_recipe_lacks_is_passed_over():
    assert proposer.choose(space.parse({"gone": [1, 2]}, "p"), HEAD, [], seed=0) is None


def idea(number: int, text: str) -> Idea:
    return Idea(number, text, "mira", datetime(2026, 1, 1, tzinfo=UTC))


def test_ideas_come_first_unless_their_value_was_tried():
    backlog = [idea(1, "think about data"), idea(2, "rate = 0.1 looks right"), idea(3, "other: 7")]
    assert proposer.choose(SPACE, HEAD, [], seed=0, ideas=backlog) == Change("rate", 0.02, 0.1, 2)
    tried = [Trial("E1", "rate", 0.02, 0.1, State.DISCARDED, -0.1)]
    assert proposer.choose(SPACE, HEAD, tried, seed=0, ideas=backlog) == Change("other", 1, 7, 3)


def test_an_idea_near_a_value_that_was_tried_is_tried_all_the_same():
    near = [idea(1, "rate = 0.1005")]
    tried = [Trial("E1", "rate", 0.02, 0.1, State.DISCARDED, -0.1)]
    assert proposer.choose(SPACE, HEAD, tried, seed=0, ideas=near) == Change("rate", 0.02, 0.1005, 1)


def test_a_gain_measured_from_an_old_head_is_seen_from_todays():
    past = [
        Trial("E1", "decay", 0.8, 0.6, State.DISCARDED, 0.01),
        Trial("E2", "decay", 0.8, 0.4, State.MERGED, 0.05),
        Trial("E3", "decay", 0.4, 0.3, State.DISCARDED, -0.02),
    ]
    seen = {e.value: e.gain for e in trials.effects("decay", 0.4, past)}
    assert seen == pytest.approx({0.6: -0.04, 0.4: 0.0, 0.3: -0.02})


def test_a_prediction_has_sign_and_size_from_the_nearest_results():
    past = [Trial("E9", "decay", 0.8, 0.5, State.DISCARDED, 0.04, 0.01, 1.2, NOISE)]
    told = hypothesis.state(Change("decay", 0.8, 0.45), SPACE, past, claim="improve", margin=0.0)
    assert told.predicted_gain is not None and 0 < told.predicted_gain < 0.04
    assert "Nearest known result: E9 (0.8 → 0.5): better by 0.04 ± 0.01, z 1.20" in told.because
    assert told.predict.startswith("better, by about")
    nothing = hypothesis.state(Change("beta", 0.6, 0.7), SPACE, past, claim="improve", margin=0.0)
    assert nothing.predicted_gain is None and "Nobody in this program has measured beta" in nothing.because


def test_a_simplification_predicts_against_its_margin():
    told = hypothesis.state(Change("decay", 0.8, 0.0), SPACE, [], claim="simplify", margin=0.012)
    assert told.predict == "not worse by more than the margin 0.012"


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 1), st.booleans())
def test_a_rounded_number_stays_in_its_range_and_near(value, log):
    dimension = space.Range(0.01, 1, log)
    short = space.rounded(dimension, value)
    assert space.holds(dimension, short)
    assert abs(space.position(dimension, short) - space.position(dimension, value)) < space.RESOLUTION / 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0.1", "write {low"), ([], "write {low"), ({"low": 1}, "high None"), ({"low": 2, "high": 1}, "low below high"),
        ({"low": 0, "high": 1, "log": True}, "starts above 0"), ({"low": 1, "high": 2, "step": 1}, "unknown step"),
        ({"low": 0.5, "high": 2, "int": True}, "whole numbers"),
    ],
)  # fmt: skip
def test_a_wrong_space_names_program_and_key(value, words):
    with pytest.raises(ConfigError, match=words) as caught:
        space.parse({"rate": value}, "schedule")
    assert "program schedule: space.rate" in str(caught.value)


def test_a_key_that_did_nothing_at_this_head_is_left_alone_until_a_merge() -> None:
    two = {"a": space.Range(0.0, 1.0), "b": space.Range(0.0, 1.0)}
    head: dict[str, Value] = {"a": 0.5, "b": 0.5}
    inert = Trial("E1", "a", 0.5, 0.9, State.DISCARDED, gain=0.0, is_inert=True)

    def keys(tried: list[Trial]) -> set[str]:
        return {change.key for seed in range(16) if (change := proposer.choose(two, head, tried, seed=seed))}

    assert keys([inert]) == {"b"}
    assert "a" in keys([inert, Trial("E2", "b", 0.4, 0.5, State.MERGED, gain=0.01)])
