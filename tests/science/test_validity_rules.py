"""Runs that do not count, and the reruns that both arms get alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import validity
from org.science.protocol import Protocol
from org.science.validity import Reruns

P = Protocol()


@pytest.mark.parametrize(("steps", "fine"), [(1000, True), (1010, True), (990, True), (1011, False), (989, False)])
def test_steps_stay_within_one_percent_of_the_pools_median(steps, fine):
    assert (validity.check_steps(steps, [990, 1000, 1300], P) is None) is fine


def test_a_step_fault_is_the_devices_and_says_how_far_off():
    got = validity.check_steps(950, [1000, 1000], P)
    assert got.device and got.reason == "950 steps are -5.0% of the pool's median 1000; 1% is allowed"


def test_without_a_pool_no_step_count_is_wrong():
    assert validity.check_steps(1, [], P) is None


@pytest.mark.parametrize(("seconds", "fine"), [(300, True), (301.5, True), (298.5, True), (301.6, False), (298.4, False)])
def test_a_time_budget_is_kept_within_half_a_percent(seconds, fine):
    assert (validity.check_time(seconds, 300, P) is None) is fine


def test_another_environment_is_named_and_not_repeated():
    got = validity.check_digests({"evaluator": "a1", "tokenizer": "b2"}, {"evaluator": "a1", "tokenizer": "c3"})
    assert got == validity.Fault(False, "tokenizer is c3, the base ran with b2")
    assert "missing" in validity.check_digests({"evaluator": "a1"}, {}).reason
    assert validity.check_digests({"evaluator": "a1"}, {"evaluator": "a1", "extra": "z"}) is None


def test_a_metric_is_a_finite_number():
    assert validity.check_value(1.0) is None
    assert validity.check_value(float("nan")).reason == "the metric is nan"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((1, 0, 0, 0), Reruns(1, 0, False)), ((2, 2, 0, 0), Reruns(2, 2, False)), ((2, 0, 1, 0), Reruns(1, 0, True)),
     ((0, 1, 0, 2), Reruns(0, 0, True)), ((0, 0, 2, 2), Reruns(0, 0, False))],
)  # fmt: skip
def test_an_arm_is_repeated_twice_at_most(arguments, expected):
    assert validity.reruns(*arguments, P) == expected


counts = st.integers(0, 4)


@given(counts, counts, counts, counts)
def test_the_rule_is_the_same_for_both_arms(candidate, base, used_candidate, used_base):
    here = validity.reruns(candidate, base, used_candidate, used_base, P)
    there = validity.reruns(base, candidate, used_base, used_candidate, P)
    assert (here.candidate, here.base, here.exhausted) == (there.base, there.candidate, there.exhausted)
