"""The spread of a run, pooled within heads and never across them."""

import pytest

from org.science import sigma

H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]


def test_a_prior_counts_with_its_degrees_of_freedom():
    assert sigma.pooled([H], 5.5e-4, 10) == pytest.approx((5.3628e-4, 17), rel=1e-4)


def test_without_a_prior_the_runs_speak_alone():
    spread, df = sigma.pooled([H])
    assert (spread, df) == pytest.approx((5.1617e-4, 7), rel=1e-3)


def test_a_prior_without_a_value_counts_nothing():
    assert sigma.pooled([H], None, 10)[1] == 7


def test_the_distance_between_heads_is_not_noise():
    assert sigma.pooled([[1.0, 1.001], [2.0, 2.001]])[0] == pytest.approx(1e-3 / 2**0.5)


def test_single_runs_and_empty_groups_carry_no_degree_of_freedom():
    assert sigma.pooled([[1.0], [], [2.0]], floor=0.5) == (0.5, 0.0)


def test_the_spread_never_falls_under_its_floor():
    assert sigma.pooled([[1.0, 1.0]], floor=1e-4) == (1e-4, 1)
