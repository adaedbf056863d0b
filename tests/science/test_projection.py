"""Forecasts of evidence: today's is the decision's own, later ones are what such runs would give."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from org.science import projection, race
from org.science.protocol import Protocol

P = Protocol()
H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]


def standing(base, cand, margin=0.0):
    decision = race.decide(base, cand, sigma0=5.5e-4, df0=10, claim_margin=margin, protocol=P)
    return decision, projection.standing(base, cand, decision, P)


@settings(deadline=None)
@given(st.lists(st.floats(0.990, 0.998), min_size=2, max_size=10), st.floats(0, 1e-3))
def test_without_more_runs_it_is_the_decisions_evidence(cand, margin):
    decision, so_far = standing(H, cand, margin)
    got = projection.e_after(so_far, 0, shift=margin, sign=1, protocol=P)
    assert got == pytest.approx(decision.e, rel=1e-6)


def test_runs_beyond_the_pool_have_no_partner():
    _, so_far = standing(H[:3], [0.9938, 0.9936, 0.9935])
    later = projection.e_after(so_far, 5, shift=0.0, sign=1, protocol=P)
    eight = [0.9938, 0.9936, 0.9935] + [0.9936333333333333] * 5
    assert race.decide(H[:3], eight, sigma0=5.5e-4, df0=10, protocol=P).pairs == 3
    assert later == pytest.approx(race.decide(H[:3], eight, sigma0=5.5e-4, df0=10, protocol=P).e, rel=1e-6)


def test_evidence_for_a_loss_is_that_of_the_mirrored_race():
    _, worse = standing(H, [0.9962, 0.9969])
    _, better = standing([-h for h in H], [-0.9962, -0.9969])
    here = projection.e_after(worse, 2, shift=0.0, sign=-1, protocol=P)
    assert here == pytest.approx(projection.e_after(better, 2, shift=0.0, sign=1, protocol=P))


def test_the_fewest_runs_are_told_or_none():
    _, so_far = standing(H, [0.9938, 0.9936, 0.9935])
    ask = {"shift": 0.0, "sign": 1, "protocol": P}
    runs = projection.more_runs(so_far, 200.0, limit=64, **ask)
    assert projection.e_after(so_far, runs, **ask) >= 200 > projection.e_after(so_far, runs - 1, **ask)
    assert projection.more_runs(so_far, 200.0, limit=runs - 1, **ask) is None
