"""The run-to-run spread of one metric, from repeated runs of the same code only."""

import math
from collections.abc import Iterable, Sequence

LEAST = 1e-100
"""Floor of a spread where the metric is exactly 0 in every run and a relative floor would be 0 too."""


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, rounded once."""
    return math.fsum(values) / len(values)


def squares(values: Sequence[float]) -> float:
    """Sum of squared deviations from the mean of the values; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values)


def pooled(
    groups: Iterable[Sequence[float]], sigma0: float | None = None, df0: float = 0.0, floor: float = 0.0
) -> tuple[float, float]:
    """(sigma, df): the standard deviation of a run, pooled within groups, with a prior (sigma0, df0).

    groups: one sequence of metric values per head. sigma is never under `floor`. With df = 0 nothing is known and
    sigma is the floor. Never pass a candidate under test, nor values of different codes in one group.
    """
    prior_df = df0 if sigma0 is not None else 0.0
    total = prior_df * (sigma0 or 0.0) ** 2
    df = prior_df
    for group in groups:
        total += squares(group)
        df += max(len(group) - 1, 0)
    return (max(math.sqrt(total / df), floor), df) if df > 0 else (floor, 0.0)


def earlier(base: Sequence[float | None], groups: Sequence[Sequence[float | None]], most_df: float) -> tuple[float | None, float]:
    """(sigma0, df0): what pools of earlier heads add to the base's own pool. None and 0 where they add nothing.

    All by seed slot, None where a slot was not run. Pools on the same seeds repeat each other's noise as far as the edits
    between them leave it alone, so their degrees of freedom are not simply added: with r the correlation of two pools over
    shared slots, sums of squares correlate by r², and df = (sum of df)² / sum over all pairs of r²·√(df·df). (Satterthwaite
    1946; r² corrected for what chance adds, and never under 0 on average.) df0 is at most `most_df`: over hundreds of tries
    against many pools a spread that counts as known exactly lets through more than the family's share (`make simulate`).
    """
    pools = [base, *groups]
    dfs = [max(sum(value is not None for value in pool) - 1, 0) for pool in pools]
    past_df = float(sum(dfs[1:]))
    if past_df == 0.0:
        return None, 0.0
    past = math.fsum(squares([value for value in pool if value is not None]) for pool in groups)
    repeated = math.fsum(
        2.0 * _repeated(first, second) * math.sqrt(dfs[i] * dfs[k])
        for i, first in enumerate(pools)
        for k, second in enumerate(pools[:i])
    )
    effective = float(sum(dfs)) ** 2 / (sum(dfs) + max(repeated, 0.0))
    return math.sqrt(past / past_df), min(max(effective - dfs[0], 0.0), most_df)


def _repeated(first: Sequence[float | None], second: Sequence[float | None]) -> float:
    """Squared correlation of two pools over the slots that both have, less what chance gives; 0 for fewer than four."""
    pairs = [(a, b) for a, b in zip(first, second, strict=False) if a is not None and b is not None]
    if len(pairs) < 4:
        return 0.0
    xs, ys = [a for a, _ in pairs], [b for _, b in pairs]
    x, y = mean(xs), mean(ys)
    scale = squares(xs) * squares(ys)
    product = math.fsum((a - x) * (b - y) for a, b in pairs)
    by_chance = 1.0 / (len(pairs) - 1)
    return (product * product / scale - by_chance) / (1.0 - by_chance) if scale > 0 else 0.0
