"""Sentinels: one that is far off, many that are a little off, and devices that repeat themselves exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import drift, sigma
from org.science.protocol import Protocol

P = Protocol()
H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
SPREAD, _ = sigma.pooled([H], 5.5e-4, 10)
SE = SPREAD * (1 + 1 / 8) ** 0.5
CENTRE = 0.995


def test_golden_sentinels():
    assert f"{SPREAD:.2e}" == "5.36e-04"
    fine, alarm = drift.check(H, [0.99510], SPREAD, P), drift.check(H, [0.99290], SPREAD, P)
    assert (round(fine.z, 3), fine.alarm) == (0.176, False)
    assert (round(alarm.z, 3), alarm.alarm) == (-3.692, True)
    assert alarm.reason == "the sentinel is -3.69 standard errors from its pool, over 3"


def test_small_shifts_add_up_to_an_alarm():
    sentinels = [CENTRE - 1.5 * SE] * 5
    assert [drift.check(H, sentinels[:k], SPREAD, P).alarm for k in range(1, 6)] == [False] * 4 + [True]
    assert drift.check(H, sentinels, SPREAD, P).reason == "5 sentinels add up to better by 5.00, over 4"


def test_shifts_to_both_sides_forgive_each_other():
    assert not drift.check(H, [CENTRE + 1.5 * SE, CENTRE - 1.5 * SE] * 10, SPREAD, P).alarm


def test_a_device_that_repeats_runs_must_match_to_the_last_bit():
    assert not drift.check_exact(0.9948, 0.9948).alarm
    off = drift.check_exact(0.9948, 0.9948000000000001)
    assert off.alarm and "0.9948000000000001" in off.reason and off.z > 0


@pytest.mark.parametrize(("tries", "changed", "due"), [(19, False, False), (20, False, True), (0, True, True)])
def test_a_sentinel_is_due_after_twenty_tries_or_any_change(tries, changed, due):
    assert drift.is_due(tries, changed, P) is due


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=30))
def test_the_sums_mirror_a_mirrored_history(deviates):
    up = drift.check(H, [CENTRE + d * SE for d in deviates], SPREAD, P)
    down = drift.check(H, [CENTRE - d * SE for d in deviates], SPREAD, P)
    assert (up.worse, up.better) == pytest.approx((down.better, down.worse), abs=1e-6)
