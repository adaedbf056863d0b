"""Promotion by z, bundles, and rungs that lose their say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import ladder
from org.science.ladder import Rung
from org.science.protocol import Protocol

P = Protocol()
OPEN = ladder.gate([], P)


@pytest.mark.parametrize(
    ("rung", "deviates", "promoted", "add_runs"),
    [
        (Rung.SMALL, [], False, 2), (Rung.SMALL, [9.0], False, 1), (Rung.SMALL, [2.0, 3.0], True, 0),
        (Rung.SMALL, [2.0, 2.9], False, 0), (Rung.MID, [], False, 1), (Rung.MID, [2.0], True, 0), (Rung.MID, [1.99], False, 0),
    ],
)  # fmt: skip
def test_promotion_needs_the_mean_of_its_runs(rung, deviates, promoted, add_runs):
    got = ladder.promote(rung, deviates, OPEN, P)
    assert (got.promoted, got.add_runs) == (promoted, add_runs)


def test_a_promotion_says_its_numbers():
    assert ladder.promote(Rung.SMALL, [2.0, 3.2], OPEN, P).reason == "mean z 2.60 of 2 small runs reaches 2.5"


def test_at_the_target_the_race_decides():
    assert not ladder.promote(Rung.TARGET, [9.0], OPEN, P).promoted


def pairs(count: int, agree: bool) -> list[tuple[float, float]]:
    rng = np.random.default_rng(3)
    small = rng.normal(size=count)
    return [(float(s), float(s if agree else t)) for s, t in zip(small, rng.normal(size=count), strict=True)]


def test_a_rung_that_does_not_predict_the_target_loses_its_say():
    closed = ladder.gate(pairs(15, False), P)
    assert not closed.gates and closed.correlation < 0.5
    assert ladder.promote(Rung.SMALL, [], closed, P).promoted


def test_a_rung_keeps_its_say_while_it_predicts_or_little_is_known():
    assert ladder.gate(pairs(15, True), P).gates and ladder.gate(pairs(14, False), P).gates


def test_eight_confirmed_changes_are_promoted_as_one():
    names = [f"E{i}" for i in range(8)]
    assert ladder.bundles(names, P) == (tuple(names),)
    assert ladder.bundles(names[:7], P) == tuple((name,) for name in names[:7])


def test_a_target_run_costs_sixty_four_small_ones():
    assert ladder.relative_cost(2, 1, 3, P) == 2 + 8 + 192


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=2), st.floats(0, 3))
def test_a_better_change_is_never_promoted_less(deviates, more):
    order = (ladder.promote(Rung.SMALL, z, OPEN, P).promoted for z in (deviates, [d + more for d in deviates]))
    assert tuple(order) != (True, False)
