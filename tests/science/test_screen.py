"""The screen: its bar, its trust in itself, and the coin that keeps that trust honest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import screen
from org.science.protocol import Protocol
from org.science.screen import Outcome, Pair

P = Protocol()
POOL = [1.100, 1.104, 1.098, 1.102]


def pairs(count: int, agree: float, bypassed: int = 0) -> list[Pair]:
    """Screens and full runs that agree to a degree; the last ones had failed and were drawn."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=count)
    full = agree * z + (1 - agree**2) ** 0.5 * rng.normal(size=count)
    return [Pair(float(a), float(b), i >= count - bypassed) for i, (a, b) in enumerate(zip(z, full, strict=True))]


def test_long_runs_that_can_be_shortened_are_screened():
    assert screen.is_worthwhile(180, True, P)
    assert not screen.is_worthwhile(179, True, P) and not screen.is_worthwhile(600, False, P)


def test_the_first_forty_ideas_meet_the_lower_bar():
    assert (screen.standing(pairs(20, 0.95), 39, P).bar, screen.standing([], 0, P).bar) == (0.5, 0.5)


def test_a_screen_that_predicts_full_runs_raises_its_bar():
    got = screen.standing(pairs(200, 0.9), 40, P)
    assert (got.on, got.bar) == (True, 1.0) and got.correlation.value >= 0.7


def test_a_middling_screen_keeps_the_lower_bar():
    got = screen.standing(pairs(200, 0.35), 200, P)
    assert (got.on, got.bar) == (True, 0.5) and 0.4 < got.correlation.value < 0.7


def test_a_screen_that_says_nothing_is_switched_off():
    got = screen.standing(pairs(200, 0.0), 200, P)
    assert not got.on and got.reason.startswith("off: rank correlation") and "surely under 0.4" in got.reason


def test_few_pairs_do_not_switch_a_screen_off():
    assert screen.standing(pairs(11, -0.9), 100, P).on
    assert not screen.standing(pairs(60, -0.9), 100, P).on


def test_a_screen_that_only_looks_bad_stays_on():
    found = pairs(14, 0.0)
    known = screen.correlation(found, P)
    assert known.value < 0.4 < known.high
    assert screen.standing(found, 14, P).on


def test_drawn_pairs_weigh_for_all_that_failed_and_say_less_each():
    light, heavy = screen.correlation(pairs(60, 0.5), P), screen.correlation(pairs(60, 0.5, bypassed=6), P)
    assert light.effective == pytest.approx(60) and heavy.effective < 15


def test_a_value_over_the_bar_passes():
    got = screen.judge(POOL, 1.0950, 0.5, 0.0, protocol=P)
    assert got.outcome is Outcome.PASSED and got.df == 3
    assert got.gain == pytest.approx(0.006) and got.reason == f"screen z {got.z:.2f} reaches 0.5"


def test_a_value_just_at_the_bar_passes():
    z = screen.judge(POOL, 1.0950, 0.5, 0.9, protocol=P).z
    assert screen.judge(POOL, 1.0950, z, 0.9, protocol=P).outcome is Outcome.PASSED
    assert screen.judge(POOL, 1.0950, z + 1e-9, 0.9, protocol=P).outcome is Outcome.FAILED


def test_a_value_under_the_bar_fails_unless_it_is_drawn():
    assert screen.judge(POOL, 1.101, 0.5, 0.05, protocol=P).outcome is Outcome.FAILED
    drawn = screen.judge(POOL, 1.101, 0.5, 0.049, protocol=P)
    assert (
        drawn.outcome is Outcome.BYPASSED and drawn.reason == "screen z 0.00 is under 0.5; drawn to be run in full all the same"
    )


def test_a_small_pool_asks_for_its_runs_first():
    got = screen.judge(POOL[:1], 1.0, 0.5, 0.5, protocol=P)
    assert (got.outcome, got.add_pool_runs) == (Outcome.NEEDS_RUNS, 3)
    assert screen.judge([], 1.0, 0.5, 0.5, protocol=P).add_pool_runs == 4


def test_earlier_screening_pools_sharpen_the_noise():
    assert screen.judge(POOL, 1.1, 0.5, 0.5, past_groups=[POOL, POOL], protocol=P).df == 9


@given(st.floats(0, 1, exclude_max=True), st.floats(1.08, 1.12), st.floats(0, 0.02))
def test_a_better_value_never_screens_worse(coin, value, better_by):
    order = [Outcome.FAILED, Outcome.BYPASSED, Outcome.PASSED]
    here, there = (screen.judge(POOL, v, 1.0, coin, protocol=P).outcome for v in (value, value - better_by))
    assert order.index(there) >= order.index(here)


def test_the_constants_are_the_protocols():
    strict = replace(P, screen=replace(P.screen, bypass_share=0.0))
    assert screen.judge(POOL, 1.2, 0.5, 0.0, protocol=strict).outcome is Outcome.FAILED
