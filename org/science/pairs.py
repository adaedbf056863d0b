"""Same-seed pairs: both arms initialized and fed alike, so that what their difference varies by belongs to the edit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import sigma, tails
from org.science.protocol import Protocol

T_LIMIT = 1e9
"""Beyond which a t of pairs says nothing more."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The differences base - candidate (plus the margin) of the slots that both arms have run."""

    count: int
    mean: float = 0.0
    """Of the differences."""
    spread: float | None = None
    """Their standard deviation, floored; None with fewer than two."""
    t: float = 0.0
    """Their mean over its standard error; 0 with fewer than two."""
    z: float | None = None
    """Their normal deviate, for futility only; None where they say nothing (two runs with one pair, no pairs)."""
    identical: bool = False
    """All differences are exactly 0."""


def compare(
    base: Sequence[float | None], cand: Sequence[float], margin: float, half_spread: float, floor: float, p: Protocol
) -> Pairs:
    """Pair slot i of both arms. half_spread: usual spread of a difference, used while there is one pair only."""
    if p.pair_weight == 0.0:
        return Pairs(0)
    gains = [b - c + margin for b, c in zip(base, cand, strict=False) if b is not None]
    if not any(gains):
        return Pairs(len(gains), identical=bool(gains))
    middle = sigma.mean(gains)
    if len(gains) == 1:
        return Pairs(1, middle, z=gains[0] / half_spread if len(cand) == 1 else None)
    nu = len(gains) - 1
    spread = max(math.sqrt(sigma.squares(gains) / nu), floor)
    t = middle / spread * math.sqrt(len(gains))
    t = max(-T_LIMIT, min(t, T_LIMIT))
    seen = len(gains) >= 3 or len(gains) == len(cand)
    return Pairs(len(gains), middle, spread, t, tails.z(t, nu, p.df_cap) if seen else None)
