"""The baseline's compute curve: what the unchanged code would reach at another amount of compute.

The points are runs of the baseline with its full schedule at that share of the budget, never checkpoints taken midway,
which lie above the curve.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.model.errors import Refused
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Point:
    """One baseline run: its compute (FLOPs, or tokens) over the 1× runs', and its value (lower is better)."""

    ratio: float
    value: float


@dataclass(frozen=True, slots=True)
class Curve:
    """ln(L - asymptote) = intercept + slope·ln r, by least squares over `runs` points."""

    asymptote: float
    intercept: float
    slope: float
    residual: float
    """Standard deviation about the line, of ln(L - asymptote), with runs - 2 degrees of freedom."""
    runs: int
    mean_log_ratio: float
    sum_squares: float
    """Of ln r about its mean."""
    baseline: float
    """Mean value at 1×, in the metric's unit: the size that relative errors refer to."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the baseline would reach, with its standard error; in the metric's unit."""

    value: float
    se: float


def fit(points: Sequence[Point], protocol: Protocol) -> Curve:
    """Fit the curve. Raises Refused without a run at 1×, with fewer than three runs or one ratio only, and for a metric
    that is not well over 0 (a loss), which has no such curve.

    The asymptote is a fixed share of the loss at 1×: between 0.7× and 1.5× the prediction hardly depends on it.
    """
    import numpy as np  # as in tails.py: most verbs need none of it

    at_one = [p.value for p in points if abs(math.log(p.ratio)) <= protocol.curve.same_log_ratio]
    x = np.log([p.ratio for p in points])
    if not at_one or len(points) < 3 or np.ptp(x) == 0.0:
        raise Refused(f"a compute curve needs runs at 1x and at another ratio, three in all; there are {_counts(points)}")
    baseline = float(np.mean(at_one))
    asymptote = protocol.curve.asymptote_share * baseline
    above = np.array([p.value for p in points]) - asymptote
    if above.min() <= 0.0:
        lowest = min(p.value for p in points)
        raise Refused(f"a compute curve needs a loss over {asymptote:.4g} in every run; the lowest is {lowest}")
    y = np.log(above)
    centred = x - x.mean()
    sum_squares = float(centred @ centred)
    slope = float(centred @ y) / sum_squares
    intercept = float(y.mean()) - slope * float(x.mean())
    off = y - intercept - slope * x
    residual = math.sqrt(float(off @ off) / (len(points) - 2))
    return Curve(asymptote, intercept, slope, residual, len(points), float(x.mean()), sum_squares, baseline)


def covers(ratio: float, protocol: Protocol) -> bool:
    """Whether the curve predicts at that ratio; outside, the baseline is rerun with that much compute."""
    return protocol.curve.lowest_ratio <= ratio <= protocol.curve.highest_ratio


def is_same_compute(ratio: float, protocol: Protocol) -> bool:
    """Whether no curve is needed: the race itself compared equal compute."""
    return abs(math.log(ratio)) <= protocol.curve.same_log_ratio


def predict(curve: Curve, ratio: float, protocol: Protocol) -> Prediction:
    """The baseline's value at `ratio` times its compute. Raises Refused outside the ratios that a curve covers."""
    rules = protocol.curve
    if not covers(ratio, protocol):
        told = f"compute ratio {ratio:.3g} is outside {rules.lowest_ratio:g} to {rules.highest_ratio:g}"
        raise Refused(f"{told}: rerun the baseline with that much compute")
    x = math.log(ratio)
    above = math.exp(curve.intercept + curve.slope * x)
    spread = 1.0 / curve.runs + (x - curve.mean_log_ratio) ** 2 / curve.sum_squares
    form = rules.model_error * abs(curve.baseline) if abs(ratio - 1.0) > rules.model_error_from else 0.0
    return Prediction(curve.asymptote + above, math.sqrt(above**2 * curve.residual**2 * spread + form**2))


def _counts(points: Sequence[Point]) -> str:
    ratios = sorted({round(p.ratio, 3) for p in points})
    return ", ".join(f"{sum(round(p.ratio, 3) == r for p in points)} at {r:g}x" for r in ratios) or "none"
