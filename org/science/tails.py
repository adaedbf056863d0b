"""Tails of Student's t and of the normal. The one door to scipy.special, whose scalar calls take about 1 µs."""

from scipy.special import chdtri, fdtri, log_ndtr, ndtr, ndtri, stdtr, stdtrit
from scipy.special import zeta as _zeta

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


def normal_quantile(p: float) -> float:
    """x with P(Z ≤ x) = p."""
    return float(ndtri(p))


def chi_square_quantile(p: float, df: float) -> float:
    """x with P(chi² ≤ x) = p."""
    return float(chdtri(df, 1.0 - p))


def f_quantile(p: float, df_top: float, df_bottom: float) -> float:
    """x with P(F ≤ x) = p."""
    return float(fdtri(df_top, df_bottom, p))


def zeta(exponent: float) -> float:
    """Riemann's zeta function."""
    return float(_zeta(exponent))


def t_of(z: float, df: float, df_cap: float = 200.0) -> float:
    """The t with the same tail probability as z: the inverse of `z`."""
    magnitude = -float(stdtrit(min(df, df_cap), ndtr(-abs(z))))
    return magnitude if z > 0 else -magnitude


def z(t: float, df: float, df_cap: float = 200.0) -> float:
    """The normal deviate with the same tail probability as t at df degrees of freedom (at most df_cap).

    Computed in the lower tail for either sign, so that large t keep their precision; within ± Z_LIMIT.
    """
    if t == 0.0:
        return 0.0
    magnitude = min(-float(ndtri(stdtr(min(df, df_cap), -abs(t)))), Z_LIMIT)
    return magnitude if t > 0 else -magnitude
