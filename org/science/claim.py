"""The gain that is reported: the measured one, shrunk towards what true effects usually are."""

import math
from dataclasses import dataclass

from org.science.protocol import Prior
from org.science.tails import log_normal_cdf

_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_FAR = -1e3
"""Standard deviations below which the truncated mean is its limit -s/u; the exact form cancels there."""


@dataclass(frozen=True, slots=True)
class Claim:
    """gain: posterior mean, in the metric's unit, positive is better. p_not_positive: P(true gain ≤ 0)."""

    gain: float
    p_not_positive: float


def shrunk(gain: float, f: float, sigma: float, prior: Prior) -> Claim:
    """Posterior of the true gain when `gain` was measured with variance sigma²·f (f = 1/j + 1/n; sigma > 0)."""
    x, s = gain / sigma, math.sqrt(f)
    parts = [(math.log(prior.null) - 0.5 * (x / s) * (x / s) - math.log(s) - _HALF_LOG_TWO_PI, 0.0, False)]
    for weight, scale in prior.harms:
        log_mass, centre = _exponential(-x, s, scale)
        parts.append((math.log(weight) + log_mass, -centre, False))
    for weight, scale in prior.gains:
        log_mass, centre = _exponential(x, s, scale)
        parts.append((math.log(weight) + log_mass, centre, True))
    top = max(log_mass for log_mass, _, _ in parts)
    masses = [math.exp(log_mass - top) for log_mass, _, _ in parts]
    total = math.fsum(masses)
    posterior = math.fsum(m * centre for m, (_, centre, _) in zip(masses, parts, strict=True)) / total
    not_positive = math.fsum(m for m, (_, _, positive) in zip(masses, parts, strict=True) if not positive) / total
    return Claim(sigma * posterior, not_positive)


def _exponential(x: float, s: float, scale: float) -> tuple[float, float]:
    """Log marginal density of x ~ N(g, s²), g ~ Exp(mean `scale`), and the posterior mean of g; all in sigmas."""
    centre = x - s * s / scale
    u = centre / s
    log_tail = log_normal_cdf(u)
    log_mass = -math.log(scale) - x / scale + 0.5 * (s / scale) ** 2 + log_tail
    if u < _FAR:
        return log_mass, -s / u
    return log_mass, centre + s * math.exp(-0.5 * u * u - _HALF_LOG_TWO_PI - log_tail)
