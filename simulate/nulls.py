"""Campaigns of changes without any effect: what is kept is kept wrongly."""

from dataclasses import dataclass, replace

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
    known_df: float = 0.0
    """Degrees of freedom at which a spread that is known exactly is counted."""
    earlier_heads: int = 0
    """Heads before this one, on the same seeds, each an edit of correlation .98 away from the last."""

    earlier_df: float = Protocol().earlier_df
    """Degrees of freedom that earlier pools add at most."""


PUBLISHED = Setting("fresh seeds every 50 tries, spread known, ten df", 50, 1.0, Memory.NOTHING, False, 10.0)
SAME_SEEDS = Setting("eight seeds throughout, runs repeat bit by bit", 0, 1.0, Memory.CORRECTED)
NO_REPEAT = Setting("eight seeds throughout, no run repeats", 0, 0.0, Memory.CORRECTED)
LINEAGE = Setting("eight seeds, bit by bit, after ten heads on them", 0, 1.0, Memory.CORRECTED, earlier_heads=10)
RENEWED = Setting("fresh seeds every 50 tries", 50, 1.0, Memory.CORRECTED)
BOUND = (PUBLISHED, SAME_SEEDS, NO_REPEAT, LINEAGE, RENEWED)
"""What must keep the bound; the others say where it would end."""
ADDED = replace(LINEAGE, name="likewise, df of all heads added up", remembers=Memory.ADDED)
UNCAPPED = replace(RENEWED, name="fresh seeds every 50 tries, df of all pools", earlier_df=float("inf"))
FORGETFUL = replace(RENEWED, name="fresh seeds every 50 tries, earlier pools forgotten", remembers=Memory.NOTHING)
BEYOND = (ADDED, UNCAPPED, FORGETFUL)
KIN = 0.98


@dataclass(frozen=True, slots=True)
class Null:
    """One campaign: changes kept, candidate runs, runs of its pools after the first one."""

    kept: int
    candidate_runs: int
    pool_runs: int


def campaign(rng: np.random.Generator, edits: Edits, setting: Setting, protocol: Protocol, tries: int = TRIES) -> Null:
    """`tries` null changes against one head."""
    head = lab.Head(rng, protocol, setting.repeat, setting.remembers, setting.earlier_df)
    if setting.known_df:
        head.sigma0, head.df0 = 1.0, setting.known_df
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
