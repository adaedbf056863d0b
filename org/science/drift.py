"""Drift: does the device still measure what it measured when the pool was made?

A sentinel is one more run of the baseline. An alarm freezes keeps, re-measures the pool and reopens what was decided
since the last good sentinel. Sources: Shewhart's limit and Page 1954, "Continuous inspection schemes" (CUSUM).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import sigma
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Check:
    """One sentinel. z > 0: worse than the pool; the device, or something around it, has changed."""

    alarm: bool
    reason: str
    z: float
    better: float
    """The sum that rises while the device is better than its pool …"""
    worse: float
    """… and the one that rises while it is worse; both start at 0 with each measured pool."""


def is_due(tries_since: int, environment_changed: bool, protocol: Protocol) -> bool:
    """Whether a sentinel is to be run: every so many tries, and after any change of environment."""
    return environment_changed or tries_since >= protocol.drift.every_tries


def deviate(pool: Sequence[float], value: float, spread: float) -> float:
    """(value - mean of the pool) / (spread·√(1 + 1/n)): positive is worse."""
    return (value - sigma.mean(pool)) / (spread * math.sqrt(1.0 + 1.0 / len(pool)))


def check(pool: Sequence[float], sentinels: Sequence[float], spread: float, protocol: Protocol) -> Check:
    """What the newest sentinel says. sentinels: all since this pool was measured, oldest first, at least one.

    spread: the run-to-run standard deviation. Lower values are better.
    """
    rules = protocol.drift
    better = worse = z = 0.0
    for value in sentinels:
        z = deviate(pool, value, spread)
        worse = max(0.0, worse + z - rules.cusum_slack)
        better = max(0.0, better - z - rules.cusum_slack)
    if abs(z) > rules.z_limit:
        return Check(True, f"the sentinel is {z:+.2f} standard errors from its pool, over {rules.z_limit:g}", z, better, worse)
    if max(better, worse) > rules.cusum_limit:
        way = "better" if better > worse else "worse"
        told = f"{len(sentinels)} sentinels add up to {way} by {max(better, worse):.2f}, over {rules.cusum_limit:g}"
        return Check(True, told, z, better, worse)
    return Check(False, f"the sentinel is {z:+.2f} standard errors from its pool", z, better, worse)


def check_exact(expected: float, value: float) -> Check:
    """On a device where runs repeat bit by bit: a sentinel repeats a pool seed and must match it exactly."""
    if value == expected:
        return Check(False, "the sentinel repeats its seed bit by bit", 0.0, 0.0, 0.0)
    told = f"the sentinel gives {value!r} on a seed that gave {expected!r}, and this device repeats runs bit by bit"
    way = math.copysign(math.inf, value - expected)
    return Check(True, told, way, 0.0, 0.0)
