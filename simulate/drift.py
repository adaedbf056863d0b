"""A device that becomes better by itself, under a campaign of changes without any effect."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from org.science import drift, sigma
from org.science.protocol import Protocol
from simulate import lab
from simulate.world import Edits

TRIES = 200
SHIFT = 1.0
"""In sigmas, at a random try of the middle half."""


class Care(StrEnum):
    """What the lab does about it."""

    NOTHING = "the pool as it was measured first"
    STALENESS = "races repeat what is older than 40 runs"
    SENTINELS = "and a sentinel every 20 tries"
    AT_ONCE = "and the pool measured anew at once"


@dataclass(frozen=True, slots=True)
class Drifted:
    """One campaign: false keeps that still stand at its end, tries from the shift to the alarm, alarms before it."""

    standing: int
    delay: int | None
    false_alarms: int
    runs: int


def campaign(rng: np.random.Generator, edits: Edits, care: Care, protocol: Protocol, shift: float = SHIFT) -> Drifted:
    """Null changes on a device whose runs never repeat exactly. An alarm measures the pool anew and reopens what was kept
    since the last good sentinel."""
    protocol = _aged(protocol, care)
    head, spreads = lab.Head(rng, protocol, repeat=0.0), lab.Spreads(protocol)
    head.sigma0, head.df0 = 1.0, 14.0
    head.renew()
    at = int(rng.integers(TRIES // 4, 3 * TRIES // 4))
    kept: list[int] = []
    sentinels: list[float] = []
    delay, false_alarms, good, runs = None, 0, 0, 0
    for number in range(TRIES):
        if number == at:
            head.drift = -shift
            if care is Care.AT_ONCE:
                runs += head.remeasure()
        if care is Care.SENTINELS and number and number % protocol.drift.every_tries == 0:
            sentinels.append(head.level + head.drift + float(rng.normal()))
            runs += 1
            spread, _ = sigma.pooled([head.values], head.sigma0, head.df0)
            if drift.check(head.values, sentinels, spread, protocol).alarm:
                runs += head.remeasure()
                sentinels, kept = [], [k for k in kept if k < good]
                false_alarms += number < at
                delay = number - at if number >= at and delay is None else delay
            good = number
        ended = lab.run(head, 0.0, edits.draw(rng), protocol, spreads.usual())
        spreads.add(ended)
        runs += ended.runs + ended.base_runs
        kept += [number] * ended.kept
    return Drifted(len(kept), delay, false_alarms, runs)


def _aged(protocol: Protocol, care: Care) -> Protocol:
    """Without any care no run of the pool is ever too old."""
    return replace(protocol, stale_after_runs=10**9) if care is Care.NOTHING else protocol
