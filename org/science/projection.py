"""Evidence as it would be after more runs, if they went on as those so far: for forecasts, never for a verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import evidence, pairs, sigma, tails
from org.science.decision import Decision
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Standing:
    """What a race has measured so far, without any margin; metric units, positive is better."""

    gain: float
    runs: int
    base: tuple[bool, ...]
    """By seed slot: whether the base has a value."""
    sigma: float
    df: float
    pair_mean: float
    pair_spread: float | None


def standing(base: Sequence[float | None], cand: Sequence[float], decision: Decision, protocol: Protocol) -> Standing:
    """The sums behind a decision on these runs. Meaningless for a decision that still needs runs."""
    floor = max(protocol.pair_floor * abs(sigma.mean([v for v in base if v is not None])), sigma.LEAST)
    paired = pairs.compare(base, cand, 0.0, decision.sigma, floor, protocol)
    have = tuple(value is not None for value in base)
    spread = max(paired.spread or decision.pair_spread or floor, floor) if paired.count >= 2 else None
    return Standing(decision.gain, len(cand), have, decision.sigma, decision.df, paired.mean, spread)


def e_after(so_far: Standing, more: int, *, shift: float, sign: int, protocol: Protocol) -> float:
    """Evidence for sign·(gain + shift) > 0 after `more` further candidate runs at the mean and spread so far.

    With one pair so far its spread is unknown and pairs stay neutral. Seeds that only the candidate ran have no partner.
    """
    runs = so_far.runs + more
    f = 1.0 / runs + 1.0 / sum(so_far.base)
    t = sign * (so_far.gain + shift) / (so_far.sigma * math.sqrt(f))
    e_pool = evidence.e_pool(tails.z(t, so_far.df, protocol.df_cap), f, protocol.pool_scale)
    count = sum(so_far.base[:runs])
    e_pair = 1.0
    if so_far.pair_spread is not None and count >= 2:
        t_d = sign * (so_far.pair_mean + shift) / so_far.pair_spread * math.sqrt(count)
        e_pair = evidence.e_pair(max(-pairs.T_LIMIT, min(t_d, pairs.T_LIMIT)), count, protocol.pair_scale)
    return (1.0 - protocol.pair_weight) * e_pool + protocol.pair_weight * e_pair


def more_runs(so_far: Standing, needed: float, *, shift: float, sign: int, limit: int, protocol: Protocol) -> int | None:
    """The fewest further runs after which that evidence reaches `needed`; None when `limit` more would not do."""
    for more in range(max(0, 2 - so_far.runs), limit + 1):
        if e_after(so_far, more, shift=shift, sign=sign, protocol=protocol) >= needed:
            return more
    return None
