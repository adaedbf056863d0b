"""Tails and e-values: golden numbers, and the property that makes an e-value one."""

import math

import numpy as np
import pytest
from scipy.special import betaln

from org.science import evidence, sigma, tails


@pytest.mark.parametrize(
    ("t", "df", "expected"), [(2, 5, 1.6355), (3, 10, 2.4745), (4, 20, 3.3882), (-1.5, 8, -1.3658), (0, 3, 0)]
)
def test_z_has_the_tail_of_t(t, df, expected):
    assert tails.z(t, df) == pytest.approx(expected, abs=6e-5)


def test_z_is_odd_and_bounded_far_out():
    assert tails.z(1e6, 300) == -tails.z(-1e6, 300) == tails.Z_LIMIT
    assert tails.z(8.0, 15) == -tails.z(-8.0, 15)


def test_degrees_of_freedom_are_capped():
    assert tails.z(3.0, 1e9) == tails.z(3.0, 200) < 3.0


@pytest.mark.parametrize(
    ("z", "f", "expected"),
    [(3, 0.625, 35.981), (3.35, 0.625, 98.952), (4, 0.625, 868.58), (3, 0.25, 29.648), (0, 0.625, 0.30151),
     (-1, 1.125, 0.21317)],
)  # fmt: skip
def test_pool_evidence_has_its_golden_values(z, f, expected):
    assert evidence.e_pool(z, f) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(
    ("t_d", "pairs", "expected"),
    [(3, 2, 2.5614), (10, 2, 3.0783), (3, 3, 3.9203), (6, 4, 12.891), (6.2, 6, 53.5288), (0, 4, 0.4472),
     (-2, 5, 0.1844), (8, 8, 427.17)],
)  # fmt: skip
def test_pair_evidence_has_its_golden_values(t_d, pairs, expected):
    assert evidence.e_pair(t_d, pairs) == pytest.approx(expected, abs=6e-5, rel=2e-5)


def test_pair_evidence_of_measured_differences():
    gains = [0.0046, 0.0031, 0.0062, 0.0049, 0.0038]
    t_d = sigma.mean(gains) / math.sqrt(sigma.squares(gains) / 4) * math.sqrt(5)
    assert t_d == pytest.approx(8.613, abs=6e-4)
    assert evidence.e_pair(t_d, 5) == pytest.approx(40.59, rel=2e-4)


def test_pair_evidence_needs_two_pairs():
    assert evidence.e_pair(5.0, 1) == evidence.e_pair(5.0, 0) == 1.0


@pytest.mark.parametrize("f", [1.125, 0.625, 0.25, 0.225])
def test_pool_evidence_has_mean_one_without_a_gain(f):
    grid = np.linspace(-37.5, 37.5, 20001)
    density = np.exp(-grid * grid / 2) / math.sqrt(2 * math.pi)
    e = np.array([evidence.e_pool(z, f) for z in grid])
    assert np.trapezoid(e * density, grid) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("pairs", [2, 3, 5, 8])
def test_pair_evidence_has_mean_one_without_a_gain(pairs):
    nu = pairs - 1
    grid = np.linspace(-25, 25, 20001)
    t = np.sinh(grid)
    log_density = -(nu + 1) / 2 * np.log1p(t * t / nu) - betaln(0.5, nu / 2) - 0.5 * math.log(nu)
    e = np.array([evidence.e_pair(x, pairs) for x in t])
    assert np.trapezoid(e * np.exp(log_density) * np.cosh(grid), grid) == pytest.approx(1.0, abs=1e-6)


def test_evidence_stays_finite_at_the_far_ends():
    assert math.isfinite(evidence.e_pool(tails.Z_LIMIT, 0.2)) and evidence.e_pool(-tails.Z_LIMIT, 0.2) >= 0
    assert math.isfinite(evidence.e_pair(1e9, 8)) and evidence.e_pair(-1e9, 8) >= 0
