"""What must hold for any numbers, and what must hold on average over many."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from org.science import race
from org.science.decision import Cause, Decision, Verdict
from org.science.protocol import Protocol

ORDER = {Verdict.DISCARD: 0, Verdict.MORE: 1, Verdict.KEEP: 2}
noise = st.integers(-300, 300).map(lambda k: k / 100)
bases = st.lists(st.one_of(noise, noise, noise, st.none()), min_size=2, max_size=8)
cands = st.lists(noise, min_size=1, max_size=10)


def decide(base, cand, centre=0.0, scale=1.0, **options) -> Decision:
    def values(xs):
        return [None if x is None else scale * (centre + x) for x in xs]

    return race.decide(values(base), values(cand), protocol=Protocol(), **options)


def spreads_are_above_their_floors(got: Decision, size: float) -> bool:
    return got.sigma > 2e-4 * size and (got.pair_spread is None or got.pair_spread > 2e-6 * size)


def near_a_threshold(got: Decision) -> bool:
    best = max(got.z, got.pair_z if got.pair_z is not None else got.z)
    return abs(best - got.bar) < 1e-6 or abs(got.e / 200 - 1) < 1e-6


@settings(deadline=None)
@given(bases, cands, st.integers(-500, 500))
def test_shifting_every_value_changes_nothing(base, cand, shift):
    here, there = decide(base, cand, 1000), decide(base, cand, 1000 + shift)
    assume(spreads_are_above_their_floors(here, 1600) and not near_a_threshold(here))
    assert (here.verdict, here.cause) == (there.verdict, there.cause)
    assert there.e == pytest.approx(here.e, rel=1e-6)
    assert there.shrunk_gain == pytest.approx(here.shrunk_gain, rel=1e-6, abs=1e-9)


@settings(deadline=None)
@given(bases, cands, st.integers(-30, 30))
def test_a_metric_in_other_units_gets_the_same_verdict(base, cand, power):
    here, there = decide(base, cand, 10), decide(base, cand, 10, 2.0**power)
    assert here.verdict is there.verdict
    assert there.e == pytest.approx(here.e)
    assert there.gain == pytest.approx(here.gain * 2.0**power)
    assert there.shrunk_gain == pytest.approx(here.shrunk_gain * 2.0**power)


@settings(deadline=None)
@given(bases, st.lists(noise, min_size=1, max_size=1), st.floats(-1e9, 1e9))
def test_one_run_never_keeps(base, cand, offset):
    assert decide(base, [cand[0] + offset], 10).verdict is not Verdict.KEEP


@settings(deadline=None)
@given(bases, cands, st.integers(1, 500))
def test_a_better_candidate_never_fares_worse(base, cand, better_by):
    worse, better = decide(base, cand, 10), decide(base, [x - better_by / 100 for x in cand], 10)
    assume(Cause.NO_EFFECT not in (worse.cause, better.cause) and not near_a_threshold(worse))
    assert ORDER[better.verdict] >= ORDER[worse.verdict]
    assert better.shrunk_gain >= worse.shrunk_gain - 1e-9


@settings(deadline=None)
@given(bases, cands)
def test_only_an_open_candidate_gets_more_runs(base, cand):
    got = decide(base, cand, 10)
    assert (got.add_candidate_runs + got.add_base_runs > 0) is (got.verdict is Verdict.MORE)


def race_to_the_end(rng: np.random.Generator, base, gain: float, correlation: float, **options) -> Decision:
    """One candidate, run by run; noise of sd 1 shared with its base on each seed by the correlation."""
    partners = [*base[:8], *rng.normal(size=2)]
    fresh = rng.normal(size=10)
    values = [100 - gain + correlation * b + (1 - correlation**2) ** 0.5 * x for b, x in zip(partners, fresh, strict=True)]
    for j in range(1, 11):
        got = race.decide([100 + b for b in base], values[:j], protocol=Protocol(), **options)
        if got.verdict is not Verdict.MORE:
            return got
    raise AssertionError("a race ends after ten runs")


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.98])
def test_a_campaign_of_null_edits_keeps_almost_nothing(correlation):
    rng = np.random.default_rng(7)
    pools = [rng.normal(size=8) for _ in range(30)]
    kept = sum(race_to_the_end(rng, pools[i // 50], 0.0, correlation).verdict is Verdict.KEEP for i in range(1500))
    assert kept <= 1  # alpha would allow 7; a rule of "lower is better" keeps hundreds


@pytest.mark.parametrize(("gain", "correlation", "least"), [(3.0, 0.0, 0.85), (1.0, 0.98, 0.85), (2.0, 0.98, 0.97)])
def test_a_real_gain_is_nearly_always_kept_once_the_noise_is_known(gain, correlation, least):
    rng = np.random.default_rng(8)
    earlier = [rng.normal(100, 1, size=8) for _ in range(6)]
    ends = [race_to_the_end(rng, rng.normal(size=8), gain, correlation, past_groups=earlier).verdict for _ in range(200)]
    assert ends.count(Verdict.KEEP) >= least * 200


@pytest.mark.parametrize("runs", [1, 2, 4, 8])
def test_the_evidence_of_null_edits_is_at_most_one_on_average(runs):
    rng = np.random.default_rng(9)
    draws = rng.normal(100, 1, size=(4000, 8 + runs))
    e = [race.decide(list(row[:8]), list(row[8:]), protocol=Protocol()).e for row in draws]
    # Heavy right tail: values over 200 are cut, which only lowers the mean by what chance would add to it.
    assert np.mean(np.minimum(e, 200)) <= 1.1
    assert np.mean(np.array(e) >= 20) <= 1 / 20
