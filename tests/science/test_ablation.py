"""What a change loses without one of its parts: four answers, and when none is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from org.science import ablation
from org.science.ablation import Effect, Role
from org.science.protocol import Protocol

P = Protocol()
SPREAD = 5e-4
SEEDS = [0.0, 4e-4, -5e-4, 2e-4]  # what the four seeds are worth to every arm


def arm(mean: float, own: float = 0.0, runs: int = 4) -> list[float]:
    """Values on the same seeds; own: what the arm does not share with others."""
    return [mean + seed + own * (-1) ** n for n, seed in enumerate(SEEDS[:runs])]


def decide(whole: list[float], without: list[float], negligible: float = 5e-4, df: float = 7.0) -> Effect:
    return ablation.decide(whole, without, spread=SPREAD, df=df, negligible=negligible, protocol=P)


def test_a_part_whose_loss_is_sure_carries_the_gain() -> None:
    got = decide(arm(0.996), arm(0.998))
    assert got.role is Role.CARRIES and got.effect == pytest.approx(0.002) and got.low > 0


def test_a_part_without_which_nothing_is_lost_does_nothing() -> None:
    got = decide(arm(0.996), arm(0.996, own=5e-5))
    assert got.role is Role.NOTHING and abs(got.effect) < 1e-6 and got.high < 5e-4


def test_a_part_without_which_it_is_better_does_harm() -> None:
    assert decide(arm(0.996), arm(0.994)).role is Role.HARMS


def test_two_runs_of_a_small_effect_cannot_tell() -> None:
    assert decide(arm(0.996, runs=2), arm(0.9965, runs=2)).role is Role.UNCLEAR


def test_two_differences_that_agree_by_luck_are_no_spread() -> None:
    # Equal to the last digit, but two: the interval is that of the spread between runs, ± t(.975, 7)·σ.
    got = decide(arm(0.996, runs=2), arm(0.9965, runs=2))
    assert got.high - got.effect == pytest.approx(2.364624 * SPREAD, rel=1e-5)


def test_same_seeds_tell_what_the_spread_between_runs_would_hide() -> None:
    paired, shuffled = decide(arm(0.996), arm(0.9966)), decide(arm(0.996), arm(0.9966)[::-1])
    assert paired.role is Role.CARRIES and shuffled.role is Role.UNCLEAR


def test_a_sure_effect_that_is_too_small_to_matter_is_worth_nothing() -> None:
    assert decide(arm(0.996), arm(0.9961), negligible=5e-4).role is Role.NOTHING
    assert decide(arm(0.996), arm(0.9959), negligible=5e-4).role is Role.NOTHING
    assert decide(arm(0.996), arm(0.9961), negligible=5e-5).role is Role.CARRIES


def test_where_the_noise_is_not_known_only_pairs_can_tell() -> None:
    assert decide(arm(0.996, runs=2), arm(0.999, runs=2), df=0.0).role is Role.UNCLEAR
    assert decide(arm(0.996), arm(0.999), df=0.0).role is Role.CARRIES


@given(st.floats(-0.01, 0.01), st.floats(0, 1e-3))
def test_the_effect_lies_within_its_limits(loss: float, own: float) -> None:
    got = decide(arm(0.996), arm(0.996 + loss, own))
    assert got.low <= got.effect <= got.high
