"""One-sided tests on a handful of runs, by Student's t."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from org.science.tails import student_cdf

TIME_SD = 1e-4  # least relative spread of times: a clock that repeats itself proves nothing


def faster(new: Sequence[float], old: Sequence[float]) -> float:
    """P(a difference this large) if the mean time of `new` were not lower than that of `old`: Welch 1947, unequal spreads."""
    a, b = (_spread(values, TIME_SD) ** 2 / len(values) for values in (new, old))
    t = (fmean(old) - fmean(new)) / math.sqrt(a + b)
    return student_cdf(-t, (a + b) ** 2 / (a**2 / (len(new) - 1) + b**2 / (len(old) - 1)))


def below(values: Sequence[float], bar: float, least: float) -> float:
    """P(a mean this low) if the true one were not below `bar`. least: the relative spread that is known, where the runs'
    own is smaller by luck."""
    t = (bar - fmean(values)) / (_spread(values, least) / math.sqrt(len(values)))
    return student_cdf(-t, len(values) - 1)


def above(values: Sequence[float], bar: float, least: float) -> float:
    """The same for a mean that is higher than `bar`."""
    return 1 - below(values, bar, least)


def _spread(values: Sequence[float], least: float) -> float:
    return max(stdev(values), least * abs(fmean(values)))
