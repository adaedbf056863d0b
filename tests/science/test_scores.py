"""Whose ideas are good: hit rate, calibration and value tweaks, against numbers worked out by hand or published."""

import math
import random

import pytest

from org.science import scores
from org.science.scores import Idea


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 10, 0.0, 0.2129),  # z² / (n + z²) = 2.70554 / 12.70554
        (10, 10, 0.7871, 1.0),
        (5, 10, 0.2693, 0.7307),
        (15, 100, 0.1005, 0.2179),
    ],
)
def test_a_hit_rate_has_an_interval(hits: int, of: int, low: float, high: float) -> None:
    assert scores.wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_wilsons_own_confidence_of_95_percent() -> None:
    assert scores.wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I, method 3


def test_nothing_tried_is_nothing_known() -> None:
    made = scores.of([])
    assert (made.ideas, made.kept, made.low, made.high, made.bias, made.bias_se) == (0, 0, 0.0, 1.0, None, None)


def test_bias_is_predicted_less_measured_with_its_error() -> None:
    made = scores.of([Idea(False, 0.004, 0.001, 0.002), Idea(True, 0.004, 0.005, 0.002), Idea(False, 0.005, -0.001, 0.002)])
    assert made.bias == pytest.approx(0.008 / 3)  # 0.003, −0.001, 0.006
    assert made.bias_se == pytest.approx(math.sqrt(((0.003 - 0.008 / 3) ** 2 + (0.001 + 0.008 / 3) ** 2
                                                    + (0.006 - 0.008 / 3) ** 2) / 2 / 3))  # fmt: skip
    assert (made.ideas, made.kept, made.predictions) == (3, 1, 3)


def test_a_prediction_hits_within_80_percent_of_what_was_measured() -> None:
    half = 1.2816 * 0.002  # the normal's 0.9 quantile
    assert scores.of([Idea(False, 0.001 + half - 1e-6, 0.001, 0.002)]).inside == 1
    assert scores.of([Idea(False, 0.001 + half + 1e-6, 0.001, 0.002)]).inside == 0


def test_a_small_race_is_forgiving_by_students_t() -> None:
    half = 1.8856 * 0.002  # t(0.9, 2)
    assert scores.of([Idea(False, half - 1e-6, 0.0, 0.002, df=2)]).inside == 1
    assert scores.of([Idea(False, half + 1e-6, 0.0, 0.002, df=2)]).inside == 0


def test_who_knows_the_truth_hits_as_often_as_promised() -> None:
    dice = random.Random(1)
    ideas = [Idea(False, 0.002, 0.002 + dice.gauss(0, 0.001), 0.001) for _ in range(2000)]
    made = scores.of(ideas)
    assert made.inside / made.predictions == pytest.approx(scores.COVERS, abs=0.03)
    assert made.bias == pytest.approx(0.0, abs=1e-4)


def test_what_was_not_predicted_not_measured_or_is_no_number_is_left_out() -> None:
    unscored = [Idea(True, None, 0.1, 0.1), Idea(True, 0.1, None), Idea(True, math.nan, 0.1, 0.1), Idea(True, 0.1, math.inf)]
    made = scores.of(unscored)
    assert (made.ideas, made.predictions, made.inside, made.bias) == (4, 0, 0, None)


def test_an_exact_measurement_is_hit_by_the_same_number_alone() -> None:
    assert scores.of([Idea(False, 0.0, 0.0), Idea(False, 0.004, 0.0)]).inside == 1


def test_value_tweaks_are_a_share_of_the_changes_that_are_known() -> None:
    made = scores.of([Idea(False, values_only=True), Idea(False, values_only=False), Idea(True, values_only=True), Idea(True)])
    assert (made.sized, made.values_only) == (3, 2)


def test_an_idea_fell_short_that_promised_more_than_the_noise_explains() -> None:
    assert scores.fell_short(Idea(False, 0.0055, 0.0020, 0.001)) and scores.fell_short(Idea(False, 0.001, 0.0))
    assert not scores.fell_short(Idea(False, 0.0055, 0.0020, 0.01))  # 0.35 standard errors
    assert not scores.fell_short(Idea(False, 0.0, 0.01, 0.001))  # better than it promised
    assert not scores.fell_short(Idea(False, None, -0.01, 0.001))
