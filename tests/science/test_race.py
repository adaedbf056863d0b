"""The race against its golden table: what is kept, what is dropped, and which run comes next."""

from dataclasses import replace

import pytest

from org.model.errors import Refused
from org.science import race
from org.science.decision import Cause, Decision, Verdict
from org.science.protocol import Protocol, preset

H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
POOL_ONLY = replace(Protocol(), pair_weight=0.0)
PAIRED = Protocol()
KEEP, DISCARD, MORE = Verdict.KEEP, Verdict.DISCARD, Verdict.MORE


def against_h(*cand: float, protocol: Protocol = POOL_ONLY, **options: float) -> Decision:
    return race.decide(H, cand, sigma0=5.5e-4, df0=10, protocol=protocol, **options)


FOUR = (0.99380, 0.99360, 0.99350, 0.99330)
SIX = (0.99370, 0.99390, 0.99380, 0.99400, 0.99370, 0.99395)
TEN = (*SIX, 0.99385, 0.99390, 0.99396, 0.99404)
GOLDEN = [
    ((0.99470,), 0.000300, 0.5274, 0.5176, 0.5978, DISCARD),
    ((0.99380,), 0.001200, 2.1095, 1.9597, 3.834, MORE),
    ((0.99260, 0.99240), 0.002500, 5.8962, 4.2932, 2624, KEEP),
    ((0.98900,), 0.006000, 10.5474, 5.7897, 1.152e6, MORE),
    ((0.99380, 0.99480), 0.000700, 1.6509, 1.5670, 1.717, DISCARD),
    (FOUR[:3], 0.001367, 3.7639, 3.1656, 55.62, MORE),
    (FOUR, 0.001450, 4.4149, 3.5544, 184.3, MORE),
    ((*FOUR, 0.99340), 0.001480, 4.8405, 3.7858, 404, KEEP),
    (SIX, 0.001158, 3.9991, 3.3112, 79.43, MORE),
    (TEN, 0.001120, 4.4025, 3.5474, 161.8, DISCARD),
    ((0.99700,), -0.002000, -3.5158, -3.0055, 0.1016, DISCARD),
    ((0.99500,), 0.0, 0.0, 0.0, 0.3906, DISCARD),
    ((0.99400, 0.99620), -0.000100, -0.2358, -0.2322, 0.2548, DISCARD),
]


@pytest.mark.parametrize(("cand", "gain", "t", "z", "e", "verdict"), GOLDEN)
def test_the_golden_table_holds_with_pool_evidence(cand, gain, t, z, e, verdict):
    got = against_h(*cand)
    assert (got.gain, got.t, got.z) == pytest.approx((gain, t, z), abs=6e-5)
    assert got.gain == pytest.approx(gain, abs=6e-7)
    assert got.e == got.e_pool == pytest.approx(e, rel=6e-4)
    assert got.verdict is verdict
    assert got.df == 17 and got.pairs == 0


def test_an_unknown_noise_of_two_degrees_of_freedom_asks_for_more_of_both_arms():
    got = race.decide(H[:3], [0.99260, 0.99240], protocol=POOL_ONLY)
    assert (got.gain, got.t, got.z, got.e) == pytest.approx((0.002383, 4.1497, 1.9312, 3.432), rel=2e-4)
    assert (got.verdict, got.df, got.add_candidate_runs, got.add_base_runs) == (MORE, 2, 1, 1)


def test_a_looser_alpha_keeps_what_the_default_leaves_open():
    assert against_h(*FOUR, protocol=replace(POOL_ONLY, alpha=0.01)).verdict is KEEP


def test_the_noise_is_pooled_over_earlier_heads():
    got = race.decide(H, [0.99380], past_groups=[[1.0, 1.001], [2.0, 2.002, 2.001]], protocol=POOL_ONLY)
    assert got.df == 7 + 1 + 2


def test_one_run_never_keeps_however_good_it_is():
    got = against_h(0.5, protocol=replace(POOL_ONLY, alpha=0.05))
    assert (got.verdict, got.reason) == (MORE, "z 13.40 passes the bar 1 after 1 run, and one run never keeps")


def test_a_futile_candidate_is_told_its_bar():
    assert against_h(0.99380, 0.99480).reason == "z 1.57 is under the bar 1.6 after 2 runs"


def test_a_value_just_under_a_bar_never_prints_as_the_bar():
    got = against_h(0.99380, 0.99480, protocol=replace(POOL_ONLY, futility_bars=(1.0, 1.57)))
    assert got.reason == "z 1.56 is under the bar 1.57 after 2 runs"


def test_a_kept_candidate_is_told_its_evidence():
    assert against_h(0.99260, 0.99240).reason == "e 2623.7 reaches 200 after 2 runs: gain 0.0025 ± 0.00042"


def test_ten_runs_without_a_decision_are_inconclusive():
    got = against_h(*TEN)
    assert got.cause is Cause.INCONCLUSIVE
    assert got.reason == "inconclusive: e 161.8 is still under 200 after 10 runs, the most that are spent"


def test_a_parked_candidate_may_go_on_under_a_longer_protocol():
    got = against_h(*TEN, 0.9935, 0.9935, protocol=replace(POOL_ONLY, max_runs=16))
    assert (got.verdict, got.bar) == (KEEP, 2.9)


def test_an_edit_without_any_effect_is_dropped_after_its_first_pair():
    got = against_h(H[0], protocol=PAIRED)
    assert (got.verdict, got.cause) == (DISCARD, Cause.NO_EFFECT)
    assert got.reason == "no effect: bit-identical to the base on its seeds in 1 run"


def test_an_edit_without_any_effect_is_dropped_whatever_the_pool_says():
    lucky = [H[2]] * 1
    got = race.decide([H[2], 1.0, 0.9999], lucky, df0=50, sigma0=1e-4, protocol=PAIRED)
    assert got.z > PAIRED.futility_bars[0]
    assert got.cause is Cause.NO_EFFECT


def test_a_harmless_deletion_with_identical_bits_is_kept_once_its_pairs_suffice():
    looks = [against_h(*H[:j], protocol=PAIRED, claim_margin=5.4e-4).verdict for j in range(1, 8)]
    assert looks == [MORE] * 6 + [KEEP]


def test_a_margin_counts_for_evidence_but_not_for_the_reported_gain():
    plain, shifted = against_h(*FOUR), against_h(*(x + 5e-4 for x in FOUR), claim_margin=5e-4)
    assert shifted.z == pytest.approx(plain.z) and shifted.e == pytest.approx(plain.e)
    assert shifted.gain == pytest.approx(plain.gain - 5e-4)


def test_pairs_that_agree_keep_a_gain_that_the_pool_cannot_see():
    jitter = (0, 1e-5, -1e-5, 2e-5, 0, -2e-5, 1e-5, 0)
    cand = [b - 3e-4 + d for b, d in zip(H, jitter, strict=True)]
    assert against_h(*cand[:7], protocol=PAIRED).verdict is KEEP
    assert against_h(*cand[:7]).verdict is DISCARD


def test_one_pair_speaks_for_its_candidate_in_units_of_the_usual_difference():
    got = against_h(H[0] - 2.5e-4, protocol=PAIRED)
    assert got.pair_z == pytest.approx(2.5e-4 / (0.35 * got.sigma))
    assert got.verdict is MORE and got.reason.startswith("pair z 1.33 passes")
    assert against_h(H[0] - 2.5e-4, protocol=PAIRED, half_spread=1e-3).verdict is DISCARD


def test_two_pairs_are_held_against_their_own_lower_bar():
    got = against_h(H[0] - 2e-4, H[1] - 4e-4, protocol=PAIRED)
    assert got.bar == 0.8 and got.z < 1.6 and got.verdict is MORE
    assert against_h(H[0] - 2e-4, H[1] - 4e-4).verdict is DISCARD


def test_pair_evidence_is_one_until_two_pairs_exist():
    got = race.decide([0.99480, None, 0.99430, 0.99510], FOUR[:2], sigma0=5.5e-4, df0=10, protocol=PAIRED)
    assert (got.pairs, got.e_pair, got.pair_z, got.bar) == (1, 1.0, None, 1.6)
    assert got.e == pytest.approx((got.e_pool + 1) / 2)


def test_three_pairs_speak_although_the_pool_has_a_hole():
    base, cand = [*H[:2], None, *H[3:]], [b - 3e-4 - i * 1e-6 for i, b in enumerate(H[:4])]
    got = race.decide(base, cand, sigma0=5.5e-4, df0=10, protocol=PAIRED)
    assert got.pairs == 3 and got.z < got.bar == 2.3 < got.pair_z
    assert got.verdict is MORE and got.reason.startswith("pair z")


def test_runs_nine_and_ten_have_no_partner():
    assert against_h(*TEN, protocol=PAIRED).pairs == 8


def test_the_average_of_both_evidences_decides():
    got = against_h(*FOUR, protocol=PAIRED)
    assert got.e == pytest.approx((got.e_pool + got.e_pair) / 2)


def test_a_full_fresh_pool_is_not_run_again():
    assert against_h(*FOUR).add_base_runs == 0


def test_a_stale_pool_is_run_again():
    assert against_h(*FOUR, base_is_stale=True).add_base_runs == 1


def test_a_pool_with_a_hole_is_filled():
    base = [*H[:5], None, *H[6:]]
    got = race.decide(base, FOUR, sigma0=5.5e-4, df0=10, protocol=PAIRED)
    assert (got.base_runs, got.add_base_runs) == (7, 1)


def test_a_decided_candidate_asks_for_no_runs():
    for got in (against_h(0.99260, 0.99240, base_is_stale=True), against_h(0.997, base_is_stale=True)):
        assert (got.add_candidate_runs, got.add_base_runs) == (0, 0)


@pytest.mark.parametrize(
    ("base", "cand", "add_base", "add_cand"),
    [([], [], 2, 1), ([], [0.9], 2, 0), ([0.99], [0.9], 1, 0), ([None, 0.99], [0.9, 0.9], 1, 0), (H, [], 0, 1)],
)
def test_without_a_noise_estimate_the_missing_runs_are_asked_for(base, cand, add_base, add_cand):
    got = race.decide(base, cand, protocol=PAIRED)
    assert (got.verdict, got.cause) == (MORE, Cause.NEEDS_RUNS)
    assert (got.add_base_runs, got.add_candidate_runs) == (add_base, add_cand)


def test_a_base_that_never_varies_still_decides():
    got = race.decide([0.99] * 8, [0.98, 0.98], protocol=PAIRED)
    assert got.sigma == pytest.approx(0.99e-4) and got.verdict is KEEP


def test_a_base_of_exact_zeros_does_not_divide_by_zero():
    assert race.decide([0.0] * 8, [-1.0, -1.0], protocol=PAIRED).verdict is KEEP
    assert race.decide([0.0] * 8, [1.0], protocol=PAIRED).verdict is DISCARD
    assert race.decide([0.0] * 8, [-1e60, -1e60], protocol=PAIRED).verdict is KEEP


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused(bad):
    with pytest.raises(Refused, match=r"cand: value 1 is (nan|inf); run it once more"):
        against_h(0.99, bad)


def test_the_usual_pair_spread_needs_five_experiments():
    assert race.usual_pair_spread([1, 2, 3, 4], PAIRED) is None
    assert race.usual_pair_spread([5, 1, 2, 3, 4], PAIRED) == 3


def test_presets_differ_in_alpha_only():
    verdicts = {name: against_h(*FOUR, protocol=replace(preset(name), pair_weight=0.0)).verdict
                for name in ("explore", "default", "strict")}  # fmt: skip
    assert verdicts == {"explore": KEEP, "default": MORE, "strict": MORE}
