"""The screen: one short run that may only discard. Its values never enter a verdict.

Screening runs have a pool, a spread and seeds of their own. Some failed screens are run in full all the same, so that
the correlation between both stays known; where it is lost, the screen is switched off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from org.science import rank, sigma, tails
from org.science.protocol import Protocol

_ALMOST_ONE = 0.9999


class Outcome(StrEnum):
    """What a screening run leads to."""

    PASSED = "passed"
    BYPASSED = "bypassed"
    """Failed, and drawn to be run in full all the same."""
    FAILED = "failed"
    NEEDS_RUNS = "needs_runs"
    """The screen's own pool is too small to know its noise."""


@dataclass(frozen=True, slots=True)
class Screening:
    """One screening run against the screen's pool. Values in the metric's unit; gain > 0 is better."""

    outcome: Outcome
    reason: str
    gain: float
    se: float
    z: float
    bar: float
    sigma: float
    df: float
    add_pool_runs: int
    """Runs that the screen's pool still lacks before it may judge."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An idea that was screened and run in full."""

    screen_z: float
    full_gain: float
    bypassed: bool
    """It had failed its screen, so it stands for all that failed and were not drawn."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of screens with full runs. high: its upper limit; effective: as many unweighted pairs would say as much."""

    value: float
    high: float
    effective: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the screen is trusted now."""

    on: bool
    bar: float
    correlation: Correlation | None
    reason: str


def is_worthwhile(full_run_seconds: float, has_short_schedule: bool, protocol: Protocol) -> bool:
    """Whether a task's runs are long enough for a screen, and can be shortened."""
    return has_short_schedule and full_run_seconds >= protocol.screen.min_full_seconds


def standing(pairs: Sequence[Pair], ideas: int, protocol: Protocol) -> Standing:
    """The bar for the next idea, and whether there is one. ideas: screened so far; pairs: those also run in full.

    Few pairs say little, and the drawn ones weigh much, so the screen goes only when it is surely bad.
    """
    rules = protocol.screen
    known = correlation(pairs, protocol) if len(pairs) >= rules.min_pairs else None
    if known is not None and known.high < rules.off_correlation:
        told = f"off: rank correlation {known.value:.2f} with full runs, surely under {rules.off_correlation:g}"
        return Standing(False, 0.0, known, told)
    if ideas < rules.first_ideas:
        return Standing(True, rules.first_bar, known, f"bar {rules.first_bar:g} for the first {rules.first_ideas} ideas")
    if known is None:
        few = f"bar {rules.first_bar:g}: {len(pairs)} ideas have both runs, {rules.min_pairs} are needed"
        return Standing(True, rules.first_bar, known, few)
    bar = rules.bar if known.value >= rules.good_correlation else rules.first_bar
    return Standing(True, bar, known, f"bar {bar:g}: rank correlation {known.value:.2f} with full runs")


def correlation(pairs: Sequence[Pair], protocol: Protocol) -> Correlation | None:
    """Rank correlation of screens and full runs over all ideas, corrected for the noise of one run on either side.

    A bypassed idea counts for the failed ones that were not drawn. None where nothing varies. The upper limit is
    Fisher's, with Kish's effective number of pairs.
    """
    rules = protocol.screen
    weights = [1.0 / rules.bypass_share if pair.bypassed else 1.0 for pair in pairs]
    raw = rank.correlation([pair.screen_z for pair in pairs], [pair.full_gain for pair in pairs], weights)
    if raw is None:
        return None
    effective = math.fsum(weights) ** 2 / math.fsum(weight * weight for weight in weights)
    reach = rules.sure_z / math.sqrt(max(effective - 3.0, 1.0))
    high = math.tanh(math.atanh(min(max(raw, -_ALMOST_ONE), _ALMOST_ONE)) + reach)
    return Correlation(min(raw / rules.ceiling, 1.0), min(high / rules.ceiling, 1.0), effective)


def judge(
    pool: Sequence[float],
    value: float,
    bar: float,
    coin: float,
    *,
    past_groups: Sequence[Sequence[float]] = (),
    sigma0: float | None = None,
    df0: float = 0.0,
    protocol: Protocol,
) -> Screening:
    """Whether an idea goes on to full runs. Lower values are better; all are from the screen's budget.

    pool: the base's screening runs. bar: from `standing`. coin: uniform in [0, 1), drawn by the lab for this idea.
    """
    rules = protocol.screen
    floor = protocol.sigma_floor * abs(sigma.mean(pool)) if pool else 0.0
    spread, df = sigma.pooled([pool, *past_groups], sigma0, df0, max(floor, sigma.LEAST))
    if len(pool) < protocol.min_base_runs or df <= 0:
        missing = max(rules.pool_size - len(pool), 1)
        return Screening(Outcome.NEEDS_RUNS, f"the screen's pool lacks {missing} runs", 0, 0, 0, bar, 0, df, missing)
    gain, se = sigma.mean(pool) - value, spread * math.sqrt(1.0 + 1.0 / len(pool))
    z = tails.z(gain / se, df, protocol.df_cap)
    outcome, reason = _outcome(z, bar, coin, rules.bypass_share)
    return Screening(outcome, reason, gain, se, z, bar, spread, df, 0)


def _outcome(z: float, bar: float, coin: float, bypass_share: float) -> tuple[Outcome, str]:
    if z >= bar:
        return Outcome.PASSED, f"screen z {z:.2f} reaches {bar:g}"
    under = f"screen z {z:.2f} is under {bar:g}"
    if coin < bypass_share:
        return Outcome.BYPASSED, f"{under}; drawn to be run in full all the same"
    return Outcome.FAILED, under
