"""How small a gain is seen; the simulated table against the race itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import evidence, power, race
from org.science.decision import Verdict
from org.science.protocol import Protocol, preset

P = Protocol()


def test_the_table_is_met_at_its_own_points():
    for df, half, most in zip(P.power.dfs, P.power.half, P.power.most, strict=True):
        for correlation, low, high in zip(P.power.correlations, half, most, strict=True):
            got = power.of_race(2.0, df, correlation, P)
            assert (got.half, got.most) == pytest.approx((2 * low, 2 * high))


def test_pairs_that_agree_ever_more_show_ever_smaller_gains():
    assert power.of_race(1.0, 21, 0.995, P).most == pytest.approx(power.of_race(1.0, 21, 0.98, P).most / 2)
    assert power.of_race(1.0, 21, 1.0, P).most == 0.0


@given(st.floats(7, 200), st.floats(0, 0.999), st.sampled_from(["half", "most"]))
def test_more_knowledge_never_hides_a_gain(df, correlation, which):
    here = getattr(power.of_race(1.0, df, correlation, P), which)
    assert getattr(power.of_race(1.0, df + 20, correlation, P), which) <= here + 1e-12
    assert getattr(power.of_race(1.0, df, min(correlation + 0.05, 1.0), P), which) <= here + 1e-12


@given(st.floats(0.5, 0.9), st.floats(0, 0.09))
def test_a_surer_keep_needs_a_larger_gain(chance, surer):
    assert power.gain_kept(chance + surer, 1.0, 21, 0.5, P) >= power.gain_kept(chance, 1.0, 21, 0.5, P)


def test_a_stricter_lab_sees_less():
    seen = [power.of_race(1.0, 21, 0.5, preset(name)).most for name in ("explore", "default", "strict")]
    assert seen == sorted(seen) and seen[0] < seen[2]


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_a_neutral_change_passes_at_the_default_margin_four_times_in_five(correlation):
    rng = np.random.default_rng(5)
    margin = power.default_margin(1.0, 21, correlation, P).value
    kept = sum(_passes(rng, margin, correlation) for _ in range(400)) / 400
    assert kept == pytest.approx(0.8, abs=0.07)


def _passes(rng: np.random.Generator, margin: float, correlation: float) -> bool:
    sigma0 = float((rng.chisquare(14) / 14) ** 0.5)
    base = rng.normal(size=8)
    fresh = rng.normal(size=10)
    own = [*(correlation * base + (1 - correlation**2) ** 0.5 * fresh[:8]), *fresh[8:]]
    for runs in range(1, 11):
        verdict = race.decide(
            list(base + 1000), [1000 + v for v in own[:runs]], sigma0=sigma0, df0=14, claim_margin=margin,
            half_spread=(2 * (1 - correlation)) ** 0.5, protocol=P,
        ).verdict  # fmt: skip
        if verdict is not Verdict.MORE:
            return verdict is Verdict.KEEP
    raise AssertionError("a race ends after ten runs")


def test_a_margin_says_where_it_comes_from():
    got = power.default_margin(5e-4, 17, 0.9, P)
    assert got.reason == f"{got.value:.3g}: a neutral change passes with 80% at sigma 0.0005 (df 17), pair correlation 0.90"


@pytest.mark.parametrize(("needed", "base", "cand"), [(200, 8, 2), (45.7, 4, 4), (20, 8, 8)])
def test_the_z_for_an_evidence_gives_that_evidence(needed, base, cand):
    z = power.z_for(needed, base, cand, P)
    assert evidence.e_pool(z, 1 / base + 1 / cand) == pytest.approx(needed)


def test_a_single_comparison_sees_its_threshold_half_of_the_time():
    got = power.of_runs(4, 4, 1e-3, 2.0)
    assert (got.half, got.most) == pytest.approx((2e-3 * 0.5**0.5, 2.8416e-3 * 0.5**0.5), rel=1e-4)
