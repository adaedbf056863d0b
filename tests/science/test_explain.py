"""Every intermediate of a decision, checked against the decision and by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from org.science import explain, race
from org.science.decision import Verdict
from org.science.explain import Explanation
from org.science.protocol import Protocol

P = Protocol()
H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
OPTIONS = {"sigma0": 5.5e-4, "df0": 10.0}


def explained(*cand: float, **options) -> Explanation:
    return explain.explain(H, cand, **(OPTIONS | options), protocol=P)


def step(got: Explanation, symbol: str) -> float:
    return next(s.value for s in got.steps if s.symbol == symbol)


def test_the_steps_end_at_the_decision():
    got = explained(0.99380, 0.99360, 0.99350, claim_margin=2e-4)
    decision = got.decision
    assert decision == race.decide(H, [0.99380, 0.99360, 0.99350], **OPTIONS, claim_margin=2e-4, protocol=P)
    for symbol, value in (
        ("sigma", decision.sigma), ("df", decision.df), ("D", decision.gain), ("se", decision.se), ("t", decision.t),
        ("z", decision.z), ("e_pool", decision.e_pool), ("s_d", decision.pair_spread), ("e_pair", decision.e_pair),
        ("e", decision.e), ("pair z", decision.pair_z),
    ):  # fmt: skip
        assert step(got, symbol) == value, symbol


def test_the_steps_follow_from_each_other():
    got = explained(0.99380, 0.99360, 0.99350)
    assert step(got, "sigma") == pytest.approx(math.sqrt(step(got, "S") / step(got, "df")))
    assert step(got, "f") == pytest.approx(1 / 3 + 1 / 8) and step(got, "w") == pytest.approx(1 + 6.25 / step(got, "f"))
    assert step(got, "t") == pytest.approx(step(got, "D") / step(got, "se"))
    assert step(got, "t_d") == pytest.approx(step(got, "mean(d)") / step(got, "s_d") * math.sqrt(3))
    assert step(got, "e") == pytest.approx((step(got, "e_pool") + step(got, "e_pair")) / 2)


def test_a_margin_is_added_to_the_difference_and_to_every_pair():
    plain, shifted = explained(0.99380, 0.99360), explained(0.99380, 0.99360, claim_margin=2e-4)
    assert step(shifted, "D") == step(plain, "D") and shifted.pairs == plain.pairs
    assert step(shifted, "mean(d)") == pytest.approx(step(plain, "mean(d)") + 2e-4)
    assert step(shifted, "t") * step(shifted, "se") == pytest.approx(step(plain, "D") + 2e-4)


def test_formulas_carry_their_numbers():
    formulas = {s.symbol: s.formula for s in explained(0.99380).steps}
    assert formulas["df"] == "(8 - 1) + 10" and formulas["f"] == "1/1 + 1/8"
    assert formulas["s_h"] == "0.35·sigma"
    assert {s.symbol: s.formula for s in explained(0.99380, half_spread=2e-4).steps}["s_h"] == "median s_d of earlier experiments"


def test_a_spread_at_its_floor_is_said():
    got = explain.explain([0.99] * 8, [0.98, 0.98], protocol=P)
    assert next(s.formula for s in got.steps if s.symbol == "sigma").endswith(", its floor")


def test_pairs_are_listed_by_slot_and_holes_left_out():
    got = explain.explain([H[0], None, H[2]], [0.994, 0.995, 0.993], **OPTIONS, protocol=P)
    assert [(row.slot, row.base, row.candidate) for row in got.pairs] == [(0, H[0], 0.994), (2, H[2], 0.993)]
    assert got.pairs[1].gain == pytest.approx(H[2] - 0.993)


def test_a_race_without_runs_has_no_steps():
    got = explain.explain([], [], protocol=P)
    assert got.steps == () and got.outlook.sentences == ("the base has 0 runs and the candidate 0; the noise is not known "
                                                          "before the base has 2",)  # fmt: skip


def verdict_with(*cand: float) -> Verdict:
    return race.decide(H, cand, **OPTIONS, protocol=P).verdict


def test_the_value_that_the_next_run_needs_is_the_edge():
    cand = (0.99380, 0.99360, 0.99350)
    edge = explained(*cand).outlook.next_to_keep
    assert verdict_with(*cand, edge) is Verdict.KEEP
    assert verdict_with(*cand, edge + 1e-6) is Verdict.MORE


def test_the_value_that_ends_the_race_is_the_edge():
    cand = (0.99380, 0.99360, 0.99350)
    edge = explained(*cand).outlook.next_to_go_on
    assert verdict_with(*cand, edge) is not Verdict.DISCARD
    assert verdict_with(*cand, edge + 1e-6) is Verdict.DISCARD


def test_as_many_runs_at_the_mean_are_a_keep():
    cand = [H[0] - 1.0e-3, H[1] - 1.1e-3, H[2] - 0.9e-3]
    runs = explained(*cand).outlook.runs_to_keep
    more = [h - 1e-3 + d for h, d in zip(H[3:], [1e-4, -1e-4] * 3, strict=False)][:runs]
    assert runs >= 1 and verdict_with(*cand, *more) is Verdict.KEEP


def test_a_discarded_candidate_is_told_by_how_much_it_missed():
    cand = (0.99460, 0.99560)
    missed = explained(*cand).outlook.missed_by
    assert verdict_with(*cand) is Verdict.DISCARD
    assert verdict_with(*(c - missed for c in cand)) is not Verdict.DISCARD
    assert verdict_with(*(c - missed + 1e-7 for c in cand)) is Verdict.DISCARD


def test_sentences_say_what_would_change_the_verdict():
    open_race = explained(0.99380, 0.99360, 0.99350).outlook
    assert open_race.sentences[0] == f"a next run of {open_race.next_to_keep:.6g} or lower would be a keep"
    assert open_race.sentences[-1] == f"at this mean {open_race.runs_to_keep} more runs would be a keep"
    assert explained(0.9926, 0.9924).outlook.sentences[0].startswith("kept: e 1313 is 6.6 times")
    assert explained(H[0]).outlook.sentences == ("an edit that changes the result at all would be raced on",)
    assert explained(0.99700).outlook.sentences[-1] == "at this mean not even 64 more runs would be a keep"
    assert "would have kept the race open" in explained(0.99460, 0.99560).outlook.sentences[0]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.990, 0.998), min_size=1, max_size=10))
def test_any_race_can_be_explained(cand):
    got = explained(*cand)
    assert got.decision == race.decide(H, cand, **OPTIONS, protocol=P)
    assert all(math.isfinite(s.value) for s in got.steps) and got.outlook.sentences
