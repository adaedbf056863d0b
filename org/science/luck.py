"""How good the best of many looks when none is better: what a sweep or a best-of-n must be read against."""

from org.science import tails


def best_of(n: int) -> float:
    """The expected largest of n independent standard normals (n ≥ 1). Source: Blom 1958, the plotting position 3/8."""
    return tails.normal_quantile((n - 0.375) / (n + 0.25)) if n > 1 else 0.0
