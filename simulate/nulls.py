"""Campaigns of changes without any effect: what is kept is kept wrongly."""

from dataclasses import dataclass

import numpy as np

from org.science.protocol import Protocol
from simulate import lab
from simulate.lab import Memory
from simulate.world import Edits

TRIES = 700


@dataclass(frozen=True, slots=True)
class Setting:
    """What is assumed of a campaign."""

    name: str
    renew_every: int
    """Tries after which the pool is measured on fresh seeds; 0: the same eight seeds throughout."""
    repeat: float
    """Correlation of a run with the same seed run again: 1 on a device that repeats runs bit by bit."""
    remembers: Memory
    """How earlier pools count for sigma."""
    spreads_known: bool = True
    """Whether one pair is held against the campaign's own spreads, or always against the default."""
    earlier_heads: int = 0
    """Heads before this one, on the same seeds, each an edit of correlation .98 away from the last."""


ALONE = Setting("fresh seeds every 50 tries, each pool by itself", 50, 1.0, Memory.NOTHING, spreads_known=False)
SAME_SEEDS = Setting("eight seeds throughout, runs repeat bit by bit", 0, 1.0, Memory.CORRECTED)
NO_REPEAT = Setting("eight seeds throughout, no run repeats", 0, 0.0, Memory.CORRECTED)
LINEAGE = Setting("eight seeds, bit by bit, after ten heads on them", 0, 1.0, Memory.CORRECTED, earlier_heads=10)
ADDED = Setting("likewise, degrees of freedom of all heads added up", 0, 1.0, Memory.ADDED, earlier_heads=10)
STRESS = Setting("fresh seeds every 50 tries, earlier pools known", 50, 1.0, Memory.CORRECTED)
SETTINGS = (ALONE, SAME_SEEDS, NO_REPEAT, LINEAGE, ADDED, STRESS)
KIN = 0.98


@dataclass(frozen=True, slots=True)
class Null:
    """One campaign: changes kept, candidate runs, runs of its pools after the first one."""

    kept: int
    candidate_runs: int
    pool_runs: int


def campaign(rng: np.random.Generator, edits: Edits, setting: Setting, protocol: Protocol, tries: int = TRIES) -> Null:
    """`tries` null changes against one head."""
    head = lab.Head(rng, protocol, setting.repeat, setting.remembers)
    head.renew()
    for _ in range(setting.earlier_heads):
        head.move(0.0, [], KIN)
    spreads = lab.Spreads(protocol, setting.spreads_known)
    kept = candidate = pool = 0
    for number in range(tries):
        if setting.renew_every and number and number % setting.renew_every == 0:
            pool += head.renew()
        ended = lab.run(head, 0.0, edits.draw(rng), protocol, spreads.usual())
        spreads.add(ended)
        kept += ended.kept
        candidate += ended.runs
        pool += ended.base_runs
    return Null(kept, candidate, pool)
