"""The run-to-run spread of one metric, from repeated runs of the same code only."""

import math
from collections.abc import Iterable, Sequence


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
