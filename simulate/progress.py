"""Campaigns on a realistic mix of effects: true progress per run, against one run that is kept if it is lower."""

from dataclasses import dataclass, field

import numpy as np

from org.science import screen
from org.science.protocol import Protocol
from simulate import lab
from simulate.world import CAMPAIGN, LEVEL, Edits, Effects

RUNS = 700


@dataclass(slots=True)
class Progress:
    """One campaign. Runs are counted in full runs; a short one counts for its share of the budget."""

    runs: float = 0.0
    tries: int = 0
    gain: float = 0.0
    """True gain merged, in sigmas: what the last head is worth over the root."""
    keeps: int = 0
    false_keeps: int = 0
    """Of them, changes that are not truly better."""
    correlation: float | None = None
    """Of screens and full runs, as the campaign itself measured it last."""
    screen_off: bool = False

    def merge(self, gain: float) -> None:
        self.gain += gain
        self.keeps += 1
        self.false_keeps += gain <= 0.0


def naive(rng: np.random.Generator, effects: Effects = CAMPAIGN, runs: int = RUNS) -> Progress:
    """One run a change on a seed of its own, kept if it is lower than the last kept value."""
    done = Progress()
    level, best = LEVEL, LEVEL + rng.normal()
    for _ in range(runs):
        gain = effects.draw(rng)
        value = level - gain + rng.normal()
        done.runs += 1
        done.tries += 1
        if value < best:
            level, best = level - gain, value
            done.merge(gain)
    return done


def race(
    rng: np.random.Generator, edits: Edits, protocol: Protocol, effects: Effects = CAMPAIGN, runs: int = RUNS,
    screen_quality: tuple[float, float] | None = None,
) -> Progress:  # fmt: skip
    """Changes raced one after the other; what is kept becomes the head and fills the new pool. screen_quality: scatter
    and unrelated share of `Screening`; None for no screen."""
    screening = Screening(*screen_quality) if screen_quality else None
    head, spreads, done = lab.Head(rng, protocol), lab.Spreads(protocol), Progress()
    done.runs = float(head.renew()) + (screening.measure_pool(rng, protocol) if screening else 0.0)
    while done.runs < runs:
        gain, correlation = effects.draw(rng), edits.draw(rng)
        done.tries += 1
        seen = screening.look(rng, gain, effects, protocol) if screening else None
        if seen is not None:
            done.runs += protocol.screen.budget_share
            if seen.outcome is screen.Outcome.FAILED:
                continue
        ended = lab.run(head, gain, correlation, protocol, spreads.usual())
        spreads.add(ended)
        done.runs += ended.runs + ended.base_runs
        if screening and seen is not None:
            screening.learn(seen, ended.first_gain)
        if ended.kept:
            done.merge(gain)
            done.runs += head.move(gain, ended.noise, correlation)
            done.runs += screening.measure_pool(rng, protocol) if screening else 0.0
    if screening:
        standing = screening.standing(protocol)
        done.correlation = standing.correlation.value if standing.correlation else None
        done.screen_off = not standing.on
    return done


@dataclass(slots=True)
class Screening:
    """Short runs with a pool, a spread and seeds of their own.

    scatter: spread of ln(short effect / full effect); unrelated: share of changes whose short effect says nothing.
    """

    scatter: float = 0.0
    unrelated: float = 0.0
    pool: list[float] = field(default_factory=list)
    groups: list[list[float]] = field(default_factory=list)
    pairs: list[screen.Pair] = field(default_factory=list)
    ideas: int = 0
    known: tuple[int, bool, screen.Standing] | None = None

    def measure_pool(self, rng: np.random.Generator, protocol: Protocol) -> float:
        """A new head's screening pool. Returns its cost in full runs."""
        if self.pool:
            self.groups.append(self.pool)
        self.pool = [LEVEL + float(x) for x in rng.normal(size=protocol.screen.pool_size)]
        return protocol.screen.pool_size * protocol.screen.budget_share

    def look(self, rng: np.random.Generator, gain: float, effects: Effects, protocol: Protocol) -> screen.Screening | None:
        """One change screened; None once the screen is off."""
        standing = self.standing(protocol)
        if not standing.on:
            return None
        self.ideas += 1
        told = effects.draw(rng) if rng.random() < self.unrelated else gain * float(np.exp(self.scatter * rng.normal()))
        value = LEVEL - told + float(rng.normal())
        return screen.judge(self.pool, value, standing.bar, float(rng.random()), past_groups=self.groups, protocol=protocol)

    def standing(self, protocol: Protocol) -> screen.Standing:
        """The screen's bar, computed anew when a pair was added or the first ideas are through."""
        now = (len(self.pairs), self.ideas < protocol.screen.first_ideas)
        if self.known is None or self.known[:2] != now:
            self.known = (*now, screen.standing(self.pairs, self.ideas, protocol))
        return self.known[2]

    def learn(self, seen: screen.Screening, full_gain: float) -> None:
        self.pairs.append(screen.Pair(seen.z, full_gain, seen.outcome is screen.Outcome.BYPASSED))
