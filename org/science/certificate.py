"""Certificates: fresh runs, which selected nothing, for whatever is reported.

Merge t of the whole lab, in the order of its ledger, is tested at a level that falls with t and rises with the number of
certificates already given. The expected share of false certificates stays under the rate whatever the dependence between
them. Source: e-LOND, Xu & Ramdas 2024, "Online multiple testing with e-values", arXiv 2311.06412.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from org.science import claim, evidence, sigma, tails
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Certificate:
    """The outcome for one merge. Values in the metric's unit; gain > 0 is better."""

    certified: bool
    reason: str
    gain: float
    se: float
    z: float
    e: float
    needed: float
    """The e-value that this merge had to reach."""
    shrunk_gain: float
    p_not_positive: float


@dataclass(frozen=True, slots=True)
class Headline:
    """Fresh head against root: the only number that a campaign reports."""

    gain: float
    se: float
    z: float
    e: float
    shrunk_gain: float
    p_not_positive: float
    runs: int
    """Fresh runs of each."""


def needed(merge: int, certified_before: int, protocol: Protocol) -> float:
    """The e-value for merge number `merge` (1, 2, …) with that many certificates already given."""
    rules = protocol.certificate
    level = rules.rate * (certified_before + 1) * math.pow(merge, -rules.exponent) / tails.zeta(rules.exponent)
    return 1.0 / level


def certify(
    old: Sequence[float],
    new: Sequence[float],
    spread: float,
    df: float,
    *,
    merge: int,
    certified_before: int,
    protocol: Protocol,
) -> Certificate:
    """Whether the change from the old head to the new one may be claimed. Both arms are fresh runs; lower is better.

    spread, df: the run-to-run standard deviation, from pools that hold none of these runs.
    """
    measured = _measure(old, new, spread, df, protocol)
    least = needed(merge, certified_before, protocol)
    fine = measured.e >= least
    sign = "reaches" if fine else "is under"
    reason = f"e {measured.e:.4g} {sign} {least:.4g} for merge {merge} after {certified_before} certificates"
    return Certificate(
        fine, reason, measured.gain, measured.se, measured.z, measured.e, least, measured.shrunk_gain, measured.p_not_positive
    )


def headline(root: Sequence[float], head: Sequence[float], spread: float, df: float, protocol: Protocol) -> Headline:
    """The campaign's gain, from fresh runs of root and head."""
    return _measure(root, head, spread, df, protocol)


def _measure(old: Sequence[float], new: Sequence[float], spread: float, df: float, protocol: Protocol) -> Headline:
    f = 1.0 / len(old) + 1.0 / len(new)
    gain, se = sigma.mean(old) - sigma.mean(new), spread * math.sqrt(f)
    z = tails.z(gain / se, df, protocol.df_cap)
    e = evidence.e_pool(z, f, protocol.pool_scale)
    told = claim.shrunk(gain, f, spread, protocol.prior)
    return Headline(gain, se, z, e, told.gain, told.p_not_positive, min(len(old), len(new)))
