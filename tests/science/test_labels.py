"""What explains a gain: every row of the table, by its golden numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import curve, labels, race
from org.science.curve import Point
from org.science.labels import Label, Matched, Objective, Ratios
from org.science.protocol import Protocol

P = Protocol()
SIGMA = 5.36e-4
BASE = {0.7: [1.01410, 1.01350], 1.0: [0.99480, 0.99555, 0.99430, 0.99510], 1.4: [0.97830, 0.97760]}
CURVE = curve.fit([Point(ratio, value) for ratio, values in BASE.items() for value in values], P)
UP, DOWN, LITTLE = Matched(0.002, 0.0004), Matched(-0.002, 0.0004), Matched(0.0002, 0.0004)


def labelled(kept: bool, flops: float, mean: float, tokens: float | None = None, parameters: float = 1.0):
    matched = labels.by_curve(CURVE, flops, [mean] * 3, SIGMA, P)
    per_token = labels.by_curve(CURVE, tokens, [mean] * 3, SIGMA, P) if tokens else None
    return labels.label(kept, matched, per_token, Ratios(flops, tokens or flops, parameters), P)


@pytest.mark.parametrize(
    ("kept", "flops", "mean", "options", "gain", "se", "label"),
    [
        (True, 1.25, 0.984967, {}, -0.00138, 0.00041, Label.EXPLAINED_BY_COMPUTE),
        (True, 1.00, 0.992467, {}, +0.00248, 0.00035, Label.ALGORITHM),
        (False, 0.85, 0.994833, {}, +0.00859, None, Label.BETTER_PER_FLOP),
        (True, 1.25, 0.980933, {"parameters": 1.3}, +0.00265, None, Label.ALGORITHM),
        (True, 1.25, 0.983533, {"parameters": 1.3}, +0.00005, 0.00041, Label.EXPLAINED_BY_PARAMETERS),
        (True, 1.10, 0.989867, {"tokens": 1.10}, None, None, Label.SYSTEMS),
    ],
)
def test_golden_labels(kept, flops, mean, options, gain, se, label):
    got = labelled(kept, flops, mean, **options)
    assert got.label is label
    assert gain is None or round(got.per_flop.gain, 5) == gain
    assert se is None or round(got.per_flop.se, 5) == se


def test_the_last_row_needs_a_gain_per_token():
    ratios = Ratios(1.2, 0.8, 1.0)
    assert labels.label(False, DOWN, UP, ratios, P).label is Label.BETTER_PER_TOKEN
    assert labels.label(False, DOWN, LITTLE, ratios, P).label is Label.NONE
    assert labels.label(False, DOWN, None, ratios, P).label is Label.NONE


@pytest.mark.parametrize(
    ("per_token", "ratios", "label"),
    [
        (LITTLE, Ratios(1.1, 1.02, 1.0), Label.SYSTEMS),
        (DOWN, Ratios(1.1, 1.02, 1.0), Label.EXPLAINED_BY_COMPUTE),
        (LITTLE, Ratios(1.1, 1.01, 1.0), Label.EXPLAINED_BY_COMPUTE),
        (LITTLE, Ratios(1.1, 1.02, 1.002), Label.EXPLAINED_BY_COMPUTE),
        (LITTLE, Ratios(1.1, 1.02, 1.021), Label.EXPLAINED_BY_PARAMETERS),
        (None, Ratios(1.1, 1.02, 1.0), Label.EXPLAINED_BY_COMPUTE),
    ],
)
def test_speed_is_told_from_compute_and_size(per_token, ratios, label):
    assert labels.label(True, LITTLE, per_token, ratios, P).label is label


def test_a_wider_model_that_wins_by_its_compute_is_never_an_algorithm():
    predicted = curve.predict(CURVE, 1.4, P).value
    got = labelled(True, 1.4, predicted, parameters=1.4)
    assert got.label is Label.EXPLAINED_BY_PARAMETERS and not labels.may_be_claimed(got.label)


def test_at_equal_compute_the_race_is_the_matched_gain():
    H = [0.99480, 0.99555, 0.99430, 0.99510, 0.99465, 0.99590, 0.99500, 0.99470]
    decision = race.decide(H, [0.9926, 0.9924], sigma0=5.5e-4, df0=10, protocol=P)
    assert labels.by_race(decision) == Matched(decision.gain, decision.se)
    assert not labels.needs_curve(True, 1.002, P) and labels.needs_curve(True, 1.004, P)
    assert not labels.needs_curve(False, 1.2, P)


def test_far_from_the_baseline_its_rerun_is_compared():
    got = labels.by_rerun([0.95, 0.95], [0.94] * 4, 0.001)
    assert (got.gain, got.se) == pytest.approx((0.01, 0.001 * 0.75**0.5))


@pytest.mark.parametrize(
    ("objective", "merged"),
    [(Objective.TIME, set(Label)), (Objective.FLOPS, {Label.ALGORITHM}), (Objective.BOTH, {Label.ALGORITHM, Label.SYSTEMS})],
)
def test_a_programs_objective_decides_what_is_merged(objective, merged):
    assert {label for label in Label if labels.merges(objective, label)} == merged


def test_a_label_says_its_interval_and_sizes():
    assert labelled(True, 1.25, 0.984967, tokens=1.25, parameters=1.0).reason == (
        "explained by compute: gain at equal FLOPs -0.00138 (90 % from -0.00204 to -0.000716), at equal tokens -0.00138 "
        "(90 % from -0.00204 to -0.000716); FLOPs x1.250, tokens x1.250, parameters x1.000"
    )


@given(st.floats(-0.01, 0.01), st.floats(1e-5, 1e-3), st.floats(0.7, 1.5), st.floats(0.7, 1.5), st.floats(0.7, 1.5))
def test_only_a_gain_at_equal_flops_is_ever_an_algorithm(gain, se, flops, tokens, parameters):
    got = labels.label(True, Matched(gain, se), None, Ratios(flops, tokens, parameters), P).label
    assert (got is Label.ALGORITHM) is (gain - 1.64 * se > 0)
