"""How good ideas are, of an author, a backend or a program: how often one is kept, how far its predictions came true, and
how many are nothing but other numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import sigma, tails

COVERS = 0.8
"""The interval around a measured gain that a prediction is held against: whoever knew the truth would hit it so often."""
RATE = 0.9
"""Confidence of the interval of a hit rate."""


@dataclass(frozen=True, slots=True)
class Idea:
    """One verdict. predicted, measured: gains, positive is better; None: not said, or not measured. se: standard error of
    `measured` with df degrees of freedom, 0 where it is exact. values_only: it changed recipe values and nothing else; None:
    not known."""

    kept: bool
    predicted: float | None = None
    measured: float | None = None
    se: float = 0.0
    df: float = math.inf
    values_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """ideas, kept: counts; low, high: what the hit rate may be. predictions: those that were measured; inside: of them, within
    the interval of COVERS. bias: predicted less measured, on average (positive promises too much), with its standard error;
    None for none, and for fewer than two. sized: ideas whose change is known; values_only: of them, other numbers alone."""

    ideas: int
    kept: int
    low: float
    high: float
    predictions: int
    inside: int
    bias: float | None
    bias_se: float | None
    sized: int
    values_only: int


def of(ideas: Sequence[Idea]) -> Score:
    """The score of these ideas together."""
    kept = sum(idea.kept for idea in ideas)
    told = [(idea, off) for idea in ideas if (off := _off(idea)) is not None]
    errors = [off for _, off in told]
    spread = math.sqrt(sigma.squares(errors) / (len(errors) - 1) / len(errors)) if len(errors) > 1 else None
    sized = [idea for idea in ideas if idea.values_only is not None]
    return Score(
        len(ideas), kept, *wilson(kept, len(ideas)), len(told), sum(_is_inside(idea, off) for idea, off in told),
        sigma.mean(errors) if errors else None, spread, len(sized), sum(idea.values_only is True for idea in sized),
    )  # fmt: skip


def fell_short(idea: Idea) -> bool:
    """Whether it promised more than the interval of what was measured holds."""
    off = _off(idea)
    return off is not None and off > 0 and not _is_inside(idea, off)


def wilson(hits: int, of: int, confidence: float = RATE) -> tuple[float, float]:
    """The interval of a rate, (0, 1) when nothing was tried. Wilson 1927, JASA 22:209, without continuity correction."""
    if of == 0:
        return 0.0, 1.0
    z = tails.normal_quantile(0.5 + confidence / 2)
    rate, weight = hits / of, z * z / of
    centre, half = rate + weight / 2, z * math.sqrt(rate * (1 - rate) / of + weight / (4 * of))
    return max((centre - half) / (1 + weight), 0.0), min((centre + half) / (1 + weight), 1.0)


def _off(idea: Idea) -> float | None:
    """Predicted less measured."""
    if idea.predicted is None or idea.measured is None:
        return None
    off = idea.predicted - idea.measured
    return off if math.isfinite(off) else None


def _is_inside(idea: Idea, off: float) -> bool:
    if not idea.se > 0.0:
        return off == 0.0
    return abs(tails.z(off / idea.se, idea.df, df_cap=1e6)) <= tails.normal_quantile(0.5 + COVERS / 2)
