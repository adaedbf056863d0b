"""What a race sees and what it costs, found by playing it: candidates of a known effect against pools of their own.

Everything is in units of sigma, the run-to-run standard deviation. The draws are the caller's (`gauss`), so the same
draws give the same forecast.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from org.science import race
from org.science.decision import Verdict
from org.science.protocol import Prior, Protocol

Mix = Sequence[tuple[float, float]]
"""(share of edits, same-seed correlation of their runs with the base's); the shares sum to 1."""

TYPICAL_MIX: Mix = ((0.5, 0.98), (0.2, 0.5), (0.3, 0.0))
"""Edits as public logs have them, for a lab that has not measured its own."""
EFFECTS = (-5.0, -1.0, 0.0, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
_CENTRE = 100.0  # far from 0, so that no relative floor binds
_PRIOR_DF = 20.0  # what earlier pools say of sigma
_POINTS = 40  # of each part of a prior

Gauss = Callable[[], float]
"""A standard normal draw."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Of one effect (in sigmas, positive is better): the share that is kept, and candidate runs a try."""

    effect: float
    kept: float
    runs: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """Of a try whose effect nobody knows."""

    kept: float
    runs: float


def curve(
    tries: int, mix: Mix, protocol: Protocol, gauss: Gauss, effects: Sequence[float] = EFFECTS, prior_df: float = _PRIOR_DF
) -> list[Odds]:
    """Play `tries` races at each effect. prior_df: degrees of freedom of sigma beside the pool's own."""
    return [_play(effect, tries, mix, protocol, gauss, prior_df) for effect in effects]


def seen_at(power: float, odds: Sequence[Odds]) -> float | None:
    """The least effect that one try keeps with this probability, between the points linearly; None beyond the last."""
    known = [o for o in odds if o.effect >= 0]
    best = 0.0
    for before, after in itertools.pairwise(known):
        best = max(best, before.kept)
        if after.kept >= power > best:
            return before.effect + (after.effect - before.effect) * (power - best) / (after.kept - best)
    return 0.0 if known and known[0].kept >= power else None


def expected(odds: Sequence[Odds], prior: Prior) -> Expectation:
    """The share of tries that is kept and their runs, when effects are as the prior says."""
    parts = [(prior.null, 0.0)]
    for side, weights in ((-1.0, prior.harms), (1.0, prior.gains)):
        for weight, mean in weights:
            parts += [(weight / _POINTS, side * mean * quantile) for quantile in _exponential()]
    total = math.fsum(weight for weight, _ in parts)
    at = [(weight / total, _between(odds, effect)) for weight, effect in parts]
    return Expectation(math.fsum(w * o.kept for w, o in at), math.fsum(w * o.runs for w, o in at))


def correlation(pair_spread: float, sigma: float) -> float:
    """The same-seed correlation that a spread of differences shows: spread² = 2·sigma²·(1 − correlation)."""
    return min(max(1.0 - (pair_spread / sigma) ** 2 / 2.0, 0.0), 0.999)


def _play(effect: float, tries: int, mix: Mix, protocol: Protocol, gauss: Gauss, prior_df: float) -> Odds:
    kept = runs = 0
    usual = math.sqrt(2.0 * (1.0 - mix[0][1])) if len(mix) == 1 else None  # a lab of one kind of edits has measured it
    for rho in _spread_out(mix, tries):
        verdict, used = _race(effect, rho, usual, protocol, gauss, prior_df)
        kept, runs = kept + (verdict is Verdict.KEEP), runs + used
    return Odds(effect, kept / tries, runs / tries)


def _race(
    effect: float, rho: float, usual: float | None, protocol: Protocol, gauss: Gauss, prior_df: float
) -> tuple[Verdict, int]:
    """One candidate to its verdict. Runs of one seed share sqrt(rho) of their noise."""
    shared = [gauss() for _ in range(max(protocol.pool_size, protocol.max_runs))]
    own = math.sqrt(1.0 - rho)
    base = [_CENTRE + math.sqrt(rho) * common + own * gauss() for common in shared[: protocol.pool_size]]
    candidate: list[float] = []
    for common in shared[: protocol.max_runs]:
        candidate.append(_CENTRE - effect + math.sqrt(rho) * common + own * gauss())
        told = race.decide(base, candidate, sigma0=1.0, df0=prior_df, half_spread=usual, protocol=protocol)
        if told.verdict is not Verdict.MORE:
            return told.verdict, len(candidate)
    return Verdict.DISCARD, len(candidate)


def _spread_out(mix: Mix, count: int) -> list[float]:
    """The correlations of `count` tries in the shares of the mix."""
    found: list[float] = []
    total = 0.0
    for share, rho in mix:
        total += share
        found += [rho] * (round(total * count) - len(found))
    return found


def _exponential() -> list[float]:
    """Midpoints of equal parts of an exponential of mean 1."""
    return [-math.log(1.0 - (i + 0.5) / _POINTS) for i in range(_POINTS)]


def _between(odds: Sequence[Odds], effect: float) -> Odds:
    """Linear between the nearest played effects; the outermost beyond them."""
    above = next((i for i, o in enumerate(odds) if o.effect >= effect), len(odds) - 1)
    if above == 0 or odds[above].effect <= effect:
        return odds[above]
    low, high = odds[above - 1], odds[above]
    share = (effect - low.effect) / (high.effect - low.effect)
    return Odds(effect, low.kept + share * (high.kept - low.kept), low.runs + share * (high.runs - low.runs))
