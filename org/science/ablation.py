"""Ablations: what a change loses without one of its parts.

Two intervals of the loss are taken, each at half of the allowed error, and the tighter limits count: one from the spread
between runs, one from same-seed differences, whose spread belongs to the edit and is often far smaller.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from org.science import sigma, tails
from org.science.protocol import Protocol

PAIRS = 3  # as for a race: the spread of two differences is no spread


class Role(StrEnum):
    """What a part is to the whole."""

    CARRIES = "carries the gain"
    NOTHING = "does nothing: could be dropped (simplify)"
    HARMS = "does harm: better without it"
    UNCLEAR = "cannot tell"


@dataclass(frozen=True, slots=True)
class Effect:
    """Mean without the part less mean of the whole, in the metric's unit: positive where the part helps. low, high: its
    limits; z: over its standard error from the spread between runs."""

    role: Role
    effect: float
    low: float
    high: float
    z: float
    runs: int


def decide(
    whole: Sequence[float], without: Sequence[float], *, spread: float, df: float, negligible: float, protocol: Protocol
) -> Effect:
    """What a part does. whole, without: values on the same seeds in the same order, lower is better; at least one each.

    spread, df: run-to-run standard deviation and what it rests on. negligible: an effect below it is worth nothing, however
    surely it is there.
    """
    effect = sigma.mean(without) - sigma.mean(whole)
    se = spread * math.sqrt(1.0 / len(whole) + 1.0 / len(without))
    limits = [_limits(effect, se, df, protocol)]
    losses = [out - all_ for out, all_ in zip(without, whole, strict=False)]
    if len(losses) >= PAIRS and len(whole) == len(without):
        floor = protocol.pair_floor * abs(sigma.mean(whole))
        paired, pairs_df = sigma.pooled([losses], floor=floor)
        limits.append(_limits(effect, paired / math.sqrt(len(losses)), pairs_df, protocol))
    low, high = max(low for low, _ in limits), min(high for _, high in limits)
    z = effect / se if se > 0 else 0.0
    return Effect(_role(effect, low, high, negligible), effect, low, high, z, min(len(whole), len(without)))


def _limits(effect: float, se: float, df: float, protocol: Protocol) -> tuple[float, float]:
    if df <= 0:
        return -math.inf, math.inf
    reach = tails.t_of(tails.normal_quantile(1.0 - protocol.ablation.tail / 2), df, protocol.df_cap) * se
    return effect - reach, effect + reach


def _role(effect: float, low: float, high: float, negligible: float) -> Role:
    if high < 0 and effect < -negligible:
        return Role.HARMS
    if high <= negligible:
        return Role.NOTHING
    return Role.CARRIES if low > 0 else Role.UNCLEAR
