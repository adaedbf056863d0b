"""The reported gain: golden values, and the closed form against plain numerical integration."""

import numpy as np
import pytest

from org.science import claim
from org.science.protocol import Prior

SIGMA = 5.363e-4


@pytest.mark.parametrize(
    ("gain", "f", "shrunk", "p"),
    [(0.0025, 0.625, 0.002366, 3.7e-6), (0.00148, 0.325, 0.001409, 7.2e-4), (0.0012, 1.125, 0.000155, 0.825)],
)
def test_shrunk_claims_have_their_golden_values(gain, f, shrunk, p):
    # The published values came from a grid; the closed form differs from it in the third digit.
    got = claim.shrunk(gain, f, SIGMA, Prior())
    assert got.gain == pytest.approx(shrunk, abs=1e-6)
    assert got.p_not_positive == pytest.approx(p, rel=0.04)


@pytest.mark.parametrize(("x", "f"), [(4.6, 0.625), (1.5, 1.125), (0.0, 0.25), (-3.0, 0.5), (9.0, 0.225)])
def test_the_closed_form_is_the_integral(x, f):
    prior, step = Prior(), 1e-3
    g = np.arange(step / 2, 90, step)

    def density(gains):
        return np.exp(-((x - gains) ** 2) / (2 * f))

    gain_mass = sum(w / m * np.exp(-g / m) * density(g) * step for w, m in prior.gains)
    harm_mass = sum(w / m * np.exp(-g / m) * density(-g) * step for w, m in prior.harms)
    total = prior.null * density(0.0) + gain_mass.sum() + harm_mass.sum()
    got = claim.shrunk(x, f, 1.0, prior)
    assert got.gain == pytest.approx(((g * gain_mass).sum() - (g * harm_mass).sum()) / total, rel=1e-4, abs=1e-9)
    assert got.p_not_positive == pytest.approx(1 - gain_mass.sum() / total, rel=1e-4, abs=1e-9)


def test_a_claim_is_smaller_than_what_was_measured():
    assert 0 < claim.shrunk(0.0012, 1.125, SIGMA, Prior()).gain < 0.0012


def test_a_huge_effect_stays_finite_and_certain():
    good, bad = claim.shrunk(1.0, 1.0, 1e-4, Prior()), claim.shrunk(-1.0, 1.0, 1e-4, Prior())
    assert good.gain == pytest.approx(1.0, rel=1e-3) and good.p_not_positive == 0.0
    assert bad.gain == pytest.approx(-1.0, rel=1e-3) and bad.p_not_positive == 1.0
