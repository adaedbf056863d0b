"""How small a gain is seen: of a race with a given chance, and of a comparison of a fixed number of runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import evidence, tails
from org.science.protocol import Protocol

_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """Gains, in the metric's unit, that are kept half of the time and four times in five."""

    half: float
    most: float


@dataclass(frozen=True, slots=True)
class Margin:
    """A margin of a simplification, in the metric's unit, and where it comes from."""

    value: float
    reason: str


def of_race(sigma: float, df: float, pair_correlation: float, protocol: Protocol) -> Seen:
    """Gains that a race keeps, with its looks and its futility: simulated by `make simulate`, interpolated here.

    sigma, df: the run-to-run spread and its degrees of freedom. pair_correlation: of both arms on one seed (see
    `forecast.correlation`). Interpolated linearly in the spread of a difference, in 1/df and in log alpha.
    """
    table = protocol.power
    return Seen(*(sigma * _at(rows, df, pair_correlation, protocol) for rows in (table.half, table.most)))


def gain_kept(chance: float, sigma: float, df: float, pair_correlation: float, protocol: Protocol) -> float:
    """The gain that a race keeps with that chance, on the probit line through one half and four fifths."""
    seen = of_race(sigma, df, pair_correlation, protocol)
    return seen.half + (seen.most - seen.half) * tails.normal_quantile(chance) / tails.normal_quantile(0.8)


def default_margin(sigma: float, df: float, pair_correlation: float, protocol: Protocol) -> Margin:
    """The smallest margin at which a change without any effect is accepted with the protocol's chance: a race on
    "not worse by more than m" is, for such a change, a race on a gain of m."""
    chance = protocol.simplify.power
    value = gain_kept(chance, sigma, df, pair_correlation, protocol)
    at = f"sigma {sigma:.3g} (df {df:.0f}), pair correlation {pair_correlation:.2f}"
    return Margin(value, f"{value:.3g}: a neutral change passes with {chance:.0%} at {at}")


def of_runs(base_runs: int, candidate_runs: int, sigma: float, z_needed: float) -> Seen:
    """Gains seen by one comparison of that many runs which needs that z (a screen, a rung, a re-check, a sentinel)."""
    se = sigma * math.sqrt(1.0 / base_runs + 1.0 / candidate_runs)
    return Seen(z_needed * se, (z_needed + tails.normal_quantile(0.8)) * se)


def z_for(e_needed: float, base_runs: int, candidate_runs: int, protocol: Protocol) -> float:
    """The z at which the pool evidence of that many runs reaches e_needed (a certificate, a headline)."""
    f = 1.0 / base_runs + 1.0 / candidate_runs
    low, high = 0.0, tails.Z_LIMIT
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        enough = evidence.e_pool(middle, f, protocol.pool_scale) >= e_needed
        low, high = (low, middle) if enough else (middle, high)
    return high


def _at(rows: Sequence[Sequence[float]], df: float, pair_correlation: float, protocol: Protocol) -> float:
    """Between the table's points, in sigmas; beyond its last correlation in proportion to the spread of a difference."""
    table = protocol.power
    spreads = [math.sqrt(2.0 * (1.0 - correlation)) for correlation in table.correlations]
    spread = math.sqrt(2.0 * (1.0 - min(max(pair_correlation, 0.0), 1.0)))
    strictness = [-math.log(alpha) for alpha in table.alphas]
    stretch = [_between(-math.log(protocol.alpha), strictness, column) for column in zip(*table.stretch, strict=True)]
    by_df = []
    for row in rows:
        gains = [gain * factor for gain, factor in zip(row, stretch, strict=True)]
        by_df.append(_between(spread, [*spreads, 0.0], [*gains, 0.0]))
    return _between(1.0 / max(df, 1.0), [1.0 / known for known in table.dfs], by_df)


def _between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Linear interpolation over xs in any one direction; the outermost y beyond them."""
    import numpy as np  # as in tails.py: most verbs need none of it

    return float(np.interp(x, xs, ys)) if xs[0] < xs[-1] else float(np.interp(x, list(reversed(xs)), list(reversed(ys))))
