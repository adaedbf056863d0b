"""Certificates over a stream of merges."""

from dataclasses import dataclass

import numpy as np

from org.science import certificate
from org.science.protocol import Protocol
from simulate.world import LEVEL

MERGES = 60
DF = 40.0


@dataclass(frozen=True, slots=True)
class Stream:
    """One lab's merges: certified, of them false, and truly better merges."""

    certified: int
    false: int
    true_merges: int


def stream(rng: np.random.Generator, null_share: float, mean_gain: float, protocol: Protocol) -> Stream:
    """Merges in ledger order: a share without any gain, the rest Exp(mean_gain). Old and new head share no run, but the
    new head's fresh runs are the next merge's old ones, as a lab would save them: dependence that e-LOND allows."""
    runs = protocol.certificate.runs
    level, certified, false, real = LEVEL, 0, 0, 0
    spread = float(np.sqrt(rng.chisquare(DF) / DF))
    old = [level + float(x) for x in rng.normal(size=runs)]
    for merge in range(1, MERGES + 1):
        gain = 0.0 if rng.random() < null_share else float(rng.exponential(mean_gain))
        level -= gain
        new = [level + float(x) for x in rng.normal(size=runs)]
        told = certificate.certify(
            old, new, spread, DF, merge=merge, certified_before=certified, protocol=protocol
        )  # fmt: skip
        certified += told.certified
        false += told.certified and gain <= 0.0
        real += gain > 0.0
        old = new
    return Stream(certified, false, real)
