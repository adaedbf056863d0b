"""Tails of Student's t and of the normal. The one door to scipy.special, whose scalar calls take about 1 µs."""

from scipy.special import log_ndtr, ndtr, ndtri, stdtr

Z_LIMIT = 37.5
"""|z| beyond which double precision has no tail left."""


def normal_cdf(x: float) -> float:
    """P(Z ≤ x)."""
    return float(ndtr(x))


def log_normal_cdf(x: float) -> float:
    """log P(Z ≤ x), exact far into the left tail."""
    return float(log_ndtr(x))


def student_cdf(t: float, df: float) -> float:
    """P(T ≤ t) of Student's t with df degrees of freedom."""
    return float(stdtr(df, t))


def z(t: float, df: float, df_cap: float = 200.0) -> float:
    """The normal deviate with the same tail probability as t at df degrees of freedom (at most df_cap).

    Computed in the lower tail for either sign, so that large t keep their precision; within ± Z_LIMIT.
    """
    if t == 0.0:
        return 0.0
    magnitude = min(-float(ndtri(stdtr(min(df, df_cap), -abs(t)))), Z_LIMIT)
    return magnitude if t > 0 else -magnitude
