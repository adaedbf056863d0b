"""Two e-values for "the candidate is better": numbers with mean at most 1 as long as it is not.

By Ville's inequality such evidence may be looked at after every run; an average of both is evidence again.
"""

import math

from org.science.tails import normal_cdf, student_cdf

_MAX_EXPONENT = 700.0


def e_pool(z: float, f: float, scale: float = 2.5) -> float:
    """Evidence of candidate against pool: a half-normal mixture over gains, one-sided.

    z: deviate of the mean difference; f = 1/j + 1/n for j candidate and n base runs; scale: K, in sigmas.
    Source: Howard, Ramdas, McAuliffe, Sekhon 2021, arXiv 1810.08240.
    """
    w = 1.0 + scale * scale / f
    share = (w - 1.0) / w
    exponent = min(0.5 * z * z * share, _MAX_EXPONENT)
    return 2.0 / math.sqrt(w) * math.exp(exponent) * normal_cdf(z * math.sqrt(share))


def e_pair(t_d: float, pairs: int, scale: float = 1.0) -> float:
    """Evidence of same-seed pairs: the exact one-sided mixture over Student's t. 1 with fewer than two pairs.

    t_d: mean difference (base - candidate) over its standard error; scale: kappa. The spread comes from the
    candidate's own pairs, so no correlation between the arms is assumed. At most about 2·(1 + pairs)^((pairs - 1)/2).
    """
    if pairs < 2:
        return 1.0
    nu = pairs - 1
    a = 1.0 + pairs * scale * scale
    square = t_d * t_d
    ratio = (1.0 + square / nu) / (1.0 + square / (nu * a))
    argument = t_d * math.sqrt((a - 1.0) / a) * math.sqrt((nu + 1) / (nu + square / a))
    return 2.0 / math.sqrt(a) * math.pow(ratio, (nu + 1) / 2.0) * student_cdf(argument, nu + 1)
