"""Tails of Student's t and of the normal. The one door to scipy.special, whose scalar calls take about 1 µs.

It is imported by the first tail: its quarter of a second and 25 MB are more than the rest of most verbs, which ask for none.
"""

from functools import cache
from typing import Any

Z_LIMIT = 37.5
"""|z| beyond which double precision has no tail left."""


@cache
def _special() -> Any:
    from scipy import special

    return special


def normal_cdf(x: float) -> float:
    """P(Z ≤ x)."""
    return float(_special().ndtr(x))


def log_normal_cdf(x: float) -> float:
    """log P(Z ≤ x), exact far into the left tail."""
    return float(_special().log_ndtr(x))


def student_cdf(t: float, df: float) -> float:
    """P(T ≤ t) of Student's t with df degrees of freedom."""
    return float(_special().stdtr(df, t))


def normal_quantile(p: float) -> float:
    """x with P(Z ≤ x) = p."""
    return float(_special().ndtri(p))


def chi_square_quantile(p: float, df: float) -> float:
    """x with P(chi² ≤ x) = p."""
    return float(_special().chdtri(df, 1.0 - p))


def f_quantile(p: float, df_top: float, df_bottom: float) -> float:
    """x with P(F ≤ x) = p."""
    return float(_special().fdtri(df_top, df_bottom, p))


def zeta(exponent: float) -> float:
    """Riemann's zeta function."""
    return float(_special().zeta(exponent))


def t_of(z: float, df: float, df_cap: float = 200.0) -> float:
    """The t with the same tail probability as z: the inverse of `z`."""
    special = _special()
    magnitude = -float(special.stdtrit(min(df, df_cap), special.ndtr(-abs(z))))
    return magnitude if z > 0 else -magnitude


def z(t: float, df: float, df_cap: float = 200.0) -> float:
    """The normal deviate with the same tail probability as t at df degrees of freedom (at most df_cap).

    Computed in the lower tail for either sign, so that large t keep their precision; within ± Z_LIMIT.
    """
    if t == 0.0:
        return 0.0
    special = _special()
    magnitude = min(-float(special.ndtri(special.stdtr(min(df, df_cap), -abs(t)))), Z_LIMIT)
    return magnitude if t > 0 else -magnitude
