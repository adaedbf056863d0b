"""The spread of a run, pooled within heads and never across them."""

import numpy as np
import pytest

from org.science import sigma

ALL = float("inf")
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


def kin(correlation: float, heads: int, seed: int = 0) -> list[list[float]]:
    """Pools of heads on the same eight seeds, each that correlated with the one before."""
    rng = np.random.default_rng(seed)
    pools = [rng.normal(size=8)]
    for _ in range(heads):
        pools.append(correlation * pools[-1] + (1 - correlation**2) ** 0.5 * rng.normal(size=8))
    return [list(pool) for pool in pools]


def test_pools_that_repeat_each_others_noise_add_nothing():
    *earlier, base = kin(1.0, 5)
    assert sigma.earlier(base, earlier, ALL) == (pytest.approx(sigma.pooled([base])[0]), pytest.approx(0.0, abs=1e-9))


def test_pools_of_unrelated_noise_add_all_their_degrees_of_freedom():
    found = [sigma.earlier(pools[-1], pools[:-1], ALL)[1] for pools in (kin(0.0, 5, seed) for seed in range(60))]
    assert np.median(found) == pytest.approx(35, abs=3) and max(found) <= 35


def test_the_likelier_it_is_repeated_noise_the_less_it_counts():
    counted = [
        np.median([sigma.earlier(p[-1], p[:-1], ALL)[1] for p in (kin(c, 5, seed) for seed in range(40))]) for c in (0, 0.7, 0.98)
    ]
    assert counted[0] > counted[1] > counted[2]


def test_earlier_pools_may_have_holes_or_be_absent():
    assert sigma.earlier(H, [], ALL) == (None, 0.0)
    assert sigma.earlier(H, [[None] * 8, [1.0]], ALL) == (None, 0.0)
    spread, df = sigma.earlier(H, [[1.0, None, 1.002]], ALL)
    assert (spread, df) == (pytest.approx(0.002 / 2**0.5), 1.0)


def test_a_constant_pool_is_no_repetition():
    assert sigma.earlier(H, [[1.0] * 8], ALL) == (0.0, 7.0)


def test_earlier_pools_add_no_more_than_the_most_that_is_asked_for():
    *earlier, base = kin(0.0, 8)
    assert sigma.earlier(base, earlier, 10.0)[1] == 10.0 < sigma.earlier(base, earlier, ALL)[1]
