"""How often a change of a given size is kept, and the size that is kept with a given chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from org.science.protocol import Protocol
from simulate import lab
from simulate.world import Edits

EFFECTS = (0.3, 0.5, 1.0, 2.0, 3.0)
EARLIER_DF = 14.0
"""Degrees of freedom that two earlier pools on other seeds would have added to sigma."""


@dataclass(frozen=True, slots=True)
class Raced:
    """One race against a pool of its own."""

    kept: bool
    runs: int


def race(rng: np.random.Generator, effect: float, edits: Edits, protocol: Protocol, earlier_df: float = EARLIER_DF) -> Raced:
    """One change of that effect. The same generator draws the same noise for every effect."""
    correlation = edits.draw(rng)
    head = lab.Head(rng, protocol, sigma0=_spread(rng, earlier_df), df0=earlier_df)
    head.renew()
    usual = (2.0 * (1.0 - correlation)) ** 0.5 if len(edits.shares) == 1 else None
    ended = lab.run(head, effect, correlation, protocol, usual)
    return Raced(ended.kept, ended.runs)


def effect_kept(chance: float, curve: Sequence[tuple[float, float]]) -> float | None:
    """The smallest effect kept with that chance, between points (effect, share kept) linearly; None beyond the last."""
    xs, ys = [x for x, _ in curve], list(np.maximum.accumulate([y for _, y in curve]))
    return float(np.interp(chance, ys, xs)) if ys[-1] >= chance else None


def grid(correlation: float, wider: float) -> tuple[float, ...]:
    """Effects around those that are kept half of the time and four times in five, stretched by a factor."""
    spread = (2.0 * (1.0 - correlation)) ** 0.5
    usual = min(3.0 * spread, 2.6) * wider
    return tuple(round(usual * share, 4) for share in (0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75))


def _spread(rng: np.random.Generator, df: float) -> float | None:
    """A spread of 1 as that many degrees of freedom would measure it."""
    return float((rng.chisquare(df) / df) ** 0.5) if df else None
