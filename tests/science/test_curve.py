"""The compute curve against its golden predictions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.model.errors import Refused
from org.science import curve
from org.science.curve import Point
from org.science.protocol import Protocol

P = Protocol()
BASE = {0.7: [1.01410, 1.01350], 1.0: [0.99480, 0.99555, 0.99430, 0.99510], 1.4: [0.97830, 0.97760]}
POINTS = [Point(ratio, value) for ratio, values in BASE.items() for value in values]


def test_golden_predictions():
    fitted = curve.fit(POINTS, P)
    at = {r: curve.predict(fitted, r, P) for r in (1.25, 1.0, 0.85)}
    assert [round(at[r].value, 6) for r in (1.25, 1.0, 0.85)] == [0.983587, 0.994944, 1.003424]
    assert round(at[1.25].se * 1e4, 2) == 2.62


def test_the_error_of_the_form_counts_off_the_baseline_only():
    fitted = curve.fit(POINTS, P)
    near, off = curve.predict(fitted, 1.019, P).se, curve.predict(fitted, 1.021, P).se
    assert math.sqrt(off**2 - near**2) == pytest.approx(1.5e-4 * fitted.baseline, rel=0.02)


def test_a_prediction_is_scaled_with_its_metric():
    large = curve.fit([Point(p.ratio, 3 * p.value) for p in POINTS], P)
    here, there = curve.predict(curve.fit(POINTS, P), 1.3, P), curve.predict(large, 1.3, P)
    assert (there.value, there.se) == pytest.approx((3 * here.value, 3 * here.se))


@given(st.floats(0.7, 1.49), st.floats(0.001, 0.01))
def test_more_compute_predicts_a_lower_loss(ratio, more):
    fitted = curve.fit(POINTS, P)
    assert curve.predict(fitted, ratio + more, P).value < curve.predict(fitted, ratio, P).value


def test_outside_its_ratios_the_baseline_is_to_be_rerun():
    with pytest.raises(Refused, match=r"compute ratio 1.6 is outside 0.7 to 1.5: rerun the baseline"):
        curve.predict(curve.fit(POINTS, P), 1.6, P)


@pytest.mark.parametrize("points", [POINTS[:2], POINTS[2:6], POINTS[1:3], []])
def test_too_few_points_are_refused_with_what_there_is(points):
    with pytest.raises(Refused, match="needs runs at 1x and at another ratio"):
        curve.fit(points, P)


def test_a_metric_that_is_no_loss_has_no_curve():
    with pytest.raises(Refused, match="needs a loss over"):
        curve.fit([Point(p.ratio, -p.value) for p in POINTS], P)


@pytest.mark.parametrize(("ratio", "same"), [(1.003, True), (1.0031, False), (0.997, False), (0.9971, True)])
def test_compute_within_three_per_mille_is_the_same(ratio, same):
    assert curve.is_same_compute(ratio, P) is same
