"""A head with its pool, and one candidate raced, run by run, through race.decide."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from org.science import race, sigma
from org.science.decision import Decision, Verdict
from org.science.protocol import Protocol, is_stale
from simulate.world import LEVEL

CARRIED_AT_MOST = 5
"""Of eight: at least three runs of a new pool are made for it."""


class Memory(Enum):
    """What a pool adds to what is known of sigma once there is another."""

    NOTHING = "each pool by itself"
    ADDED = "degrees of freedom added"
    """As past_groups of race.decide."""
    CORRECTED = "corrected for repeated seeds"
    """By sigma.earlier, and at most so many."""


@dataclass(slots=True)
class Head:
    """The head's true level and its pool. Call `renew` before use."""

    rng: np.random.Generator
    protocol: Protocol
    repeat: float = 1.0
    """Correlation of a baseline run's noise with that of the same seed run again: 1 where runs repeat bit by bit."""
    remembers: Memory = Memory.CORRECTED
    """How earlier pools count for sigma."""
    earlier_df: float = field(default_factory=lambda: Protocol().earlier_df)
    """Degrees of freedom that they add at most."""
    groups: list[list[float]] = field(default_factory=list)
    """Those pools."""
    sigma0: float | None = None
    df0: float = 0.0
    drift: float = 0.0
    """Added to every run made from now on."""
    level: float = LEVEL
    noise: list[float] = field(default_factory=list)
    offset: list[float] = field(default_factory=list)
    """By slot, the drift when it was run …"""
    born: list[int] = field(default_factory=list)
    """… and the clock."""
    clock: int = 0
    """Runs made so far."""

    @property
    def values(self) -> list[float]:
        return [self.level + noise + offset for noise, offset in zip(self.noise, self.offset, strict=True)]

    def is_stale(self) -> bool:
        return is_stale(self.clock - min(self.born), 0.0, self.protocol)

    def renew(self) -> int:
        """Measure the pool on fresh seeds. Returns the runs it took."""
        size = self.protocol.pool_size
        self._replace([float(x) for x in self.rng.normal(size=size)], size)
        return size

    def remeasure(self) -> int:
        """Run all seeds of the pool again. Returns the runs it took."""
        size = len(self.noise)
        self._replace([shared(noise, self.repeat, self.rng.normal()) for noise in self.noise], size)
        return size

    def move(self, gain: float, noise: list[float], correlation: float) -> int:
        """Merge: the accepted runs fill the new pool, topped up on its remaining seeds. Returns the runs it took."""
        carried = noise[: min(len(noise), CARRIED_AT_MOST)]
        left = self.noise[len(carried) :]
        self._replace(carried + [shared(base, correlation, self.rng.normal()) for base in left], len(left))
        self.level -= gain
        return len(left)

    def rerun_oldest(self) -> None:
        """The oldest baseline run again, on its own seed."""
        slot = self.born.index(min(self.born))
        self.noise[slot] = shared(self.noise[slot], self.repeat, self.rng.normal())
        self.clock += 1
        self.born[slot], self.offset[slot] = self.clock, self.drift

    def _replace(self, noise: list[float], runs: int) -> None:
        if self.noise:
            self.groups.append(self.noise)
        self.noise, self.offset = noise, [self.drift] * len(noise)
        if self.groups and self.remembers is Memory.CORRECTED:
            self.sigma0, self.df0 = sigma.earlier(self.noise, self.groups, self.earlier_df)
        elif self.groups and self.remembers is Memory.ADDED:
            self.sigma0, self.df0 = sigma.pooled(self.groups)
        self.clock += runs
        self.born = [self.clock] * len(noise)


@dataclass(frozen=True, slots=True)
class Race:
    """How a race ended."""

    decision: Decision
    noise: list[float]
    """Of the candidate's runs."""
    base_runs: int
    """Baseline runs that it asked for."""
    first_gain: float
    """Of its first run over the pool's mean."""

    @property
    def kept(self) -> bool:
        return self.decision.verdict is Verdict.KEEP

    @property
    def runs(self) -> int:
        return len(self.noise)


def shared(base: float, correlation: float, fresh: float) -> float:
    """Noise on a seed where other noise is known."""
    return correlation * base + (1.0 - correlation * correlation) ** 0.5 * float(fresh)


def run(
    head: Head, gain: float, correlation: float, protocol: Protocol, half_spread: float | None = None, margin: float = 0.0
) -> Race:
    """Race one candidate to its verdict."""
    noise: list[float] = []
    values: list[float] = []
    base_runs, first_gain = 0, 0.0
    fresh = head.rng.normal(size=protocol.max_runs)
    while True:
        j = len(noise)
        own = float(fresh[j])
        noise.append(shared(head.noise[j], correlation, own) if j < len(head.noise) else own)
        values.append(head.level - gain + noise[-1] + head.drift)
        head.clock += 1
        decision = race.decide(
            head.values, values, sigma0=head.sigma0, df0=head.df0, half_spread=half_spread, claim_margin=margin,
            base_is_stale=head.is_stale(), protocol=protocol,
        )  # fmt: skip
        first_gain = decision.gain if j == 0 else first_gain
        if decision.verdict is not Verdict.MORE:
            return Race(decision, noise, base_runs, first_gain)
        if decision.add_base_runs:
            head.rerun_oldest()
            base_runs += 1


class Spreads:
    """Same-seed spreads of earlier experiments: what one pair is held against."""

    def __init__(self, protocol: Protocol, known: bool = True) -> None:
        """known: False leaves it at the protocol's share of sigma for ever."""
        self.protocol, self.known = protocol, known
        self.seen: list[float] = []

    def usual(self) -> float | None:
        return race.usual_pair_spread(self.seen, self.protocol) if self.known else None

    def add(self, ended: Race) -> None:
        if ended.decision.pair_spread:
            self.seen.append(ended.decision.pair_spread)
