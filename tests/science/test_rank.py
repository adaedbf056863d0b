"""Rank correlation, with ties and weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import rank

values = st.lists(st.integers(-50, 50), min_size=4, max_size=20)


def test_equal_orders_correlate_by_one_and_opposite_ones_by_minus_one():
    assert rank.correlation([1, 2, 5, 9], [10, 20, 21, 400]) == pytest.approx(1.0)
    assert rank.correlation([1, 2, 5, 9], [4, 3, 2, 1]) == pytest.approx(-1.0)


def test_ties_take_their_middle_rank():
    # Spearman by hand: ranks 1.5 1.5 3 4 against 1 2 3 4.
    assert rank.correlation([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(0.9486833)


def test_two_pairs_or_a_constant_side_say_nothing():
    assert rank.correlation([1, 2], [1, 2]) is None
    assert rank.correlation([1, 1, 1, 1], [1, 2, 3, 4]) is None


@given(values, st.randoms())
def test_a_weight_of_two_is_the_pair_twice(xs, shuffle):
    ys = list(xs)
    shuffle.shuffle(ys)
    once = rank.correlation(xs, ys, [2.0] + [1.0] * (len(xs) - 1))
    twice = rank.correlation([xs[0], *xs], [ys[0], *ys])
    assert (once is None) == (twice is None)
    if once is not None:
        assert once == pytest.approx(twice)


def test_weights_undo_a_sample_that_was_thinned_on_one_side():
    rng = np.random.default_rng(0)
    x = rng.normal(size=6000)
    y = x + rng.normal(size=6000)
    seen = (x > 0.5) | (rng.random(6000) < 0.05)
    weights = np.where(x > 0.5, 1.0, 20.0)[seen]
    whole = rank.correlation(x, y)
    assert rank.correlation(x[seen], y[seen], weights) == pytest.approx(whole, abs=0.05)
    assert rank.correlation(x[seen], y[seen]) < whole - 0.1
