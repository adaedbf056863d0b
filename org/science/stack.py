"""Stacks: accepted changes measured together. Gains do not add, so only the stack's own gain is ever reported.

A small stack that falls short of the sum of its members' gains is taken apart, one change left out at a time; the change
that does harm is dropped and the rest is measured again.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from org.science import claim, sigma
from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Member:
    """A change and what was measured of it alone, in the metric's unit; gain > 0 is better."""

    name: str
    gain: float
    runs: int
    pool: str
    """Which pool it was measured against …"""
    pool_runs: int
    """… and of how many runs."""


class Next(StrEnum):
    """What follows a look at a stack."""

    ACCEPT = "accept"
    """The stack delivers; its measured gain is the one to report."""
    MEASURE = "measure"
    """The stack itself has too few runs."""
    LEAVE_ONE_OUT = "leave one out"
    """It falls short: each change is left out in turn."""
    DROP = "drop"
    """One change does harm here; the rest is the new stack."""
    SERIAL = "serial"
    """Too many changes for one stack: they merge one by one."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One look at a stack."""

    next: Next
    reason: str
    gain: float = 0.0
    """Of the stack over its base, as measured …"""
    shrunk_gain: float = 0.0
    """… and as reported."""
    p_not_positive: float = 1.0
    expected: float = 0.0
    """Sum of its members' gains."""
    shortfall_z: float = 0.0
    add_runs: int = 0
    """MEASURE: runs the stack lacks; LEAVE_ONE_OUT: runs each reduced stack lacks at most."""
    drop: str | None = None
    contributions: tuple[tuple[str, float], ...] = ()
    """(member, z of what the stack loses without it), worst first, once every reduced stack is measured; not of a member
    without which it does not run."""


def decide(
    members: Sequence[Member],
    base: Sequence[float],
    base_pool: str,
    stack: Sequence[float],
    without: Mapping[str, Sequence[float]],
    *,
    spread: float,
    dropped: int,
    needed: Collection[str] = (),
    protocol: Protocol,
) -> Decision:
    """What to do with a stack. All values from full-budget runs; lower is better.

    base: values of the pool named base_pool. stack: runs of all members together. without: by member, runs of the stack
    without it. spread: run-to-run standard deviation. dropped: changes that were dropped in earlier rounds. needed: members
    without which the stack does not run; they are never dropped.
    """
    rules = protocol.stack
    if len(members) > rules.largest:
        return Decision(Next.SERIAL, f"{len(members)} changes are more than the {rules.largest} of one stack")
    if len(stack) < rules.runs:
        lacking = rules.runs - len(stack)
        return Decision(Next.MEASURE, f"the stack has {len(stack)} of {rules.runs} runs", add_runs=lacking)
    gain = sigma.mean(base) - sigma.mean(stack)
    told = claim.shrunk(gain, 1.0 / len(stack) + 1.0 / len(base), spread, protocol.prior)
    expected = math.fsum(member.gain for member in members)
    z = (expected - gain) / (spread * math.sqrt(_variance(members, base_pool, len(base), len(stack))))
    numbers = f"gain {gain:+.3g} against a sum of {expected:+.3g}, z {z:.2f}"
    measured = (gain, told.gain, told.p_not_positive, expected, z)
    if z <= rules.shortfall_z:
        return Decision(Next.ACCEPT, f"the stack delivers: {numbers}", *measured)
    if len(members) < 2 or dropped >= rules.rounds:
        return Decision(Next.ACCEPT, f"the stack falls short and nothing more is dropped: {numbers}", *measured)
    spare = [member for member in members if member.name not in needed]
    if not spare:
        return Decision(Next.ACCEPT, f"the stack falls short and does not run without any of its changes: {numbers}", *measured)
    lacking = max(rules.leave_one_out_runs - len(without.get(member.name, ())) for member in spare)
    if lacking > 0:
        return Decision(Next.LEAVE_ONE_OUT, f"the stack falls short: {numbers}", *measured, add_runs=lacking)
    return _drop_worst(measured, _contributions(spare, stack, without, spread), numbers)


def _drop_worst(
    measured: tuple[float, float, float, float, float], contributions: tuple[tuple[str, float], ...], numbers: str
) -> Decision:
    """Drop the change without which the stack is better; keep all when there is none."""
    name, worst = contributions[0]
    if worst < 0:
        told = f"without {name} the stack is better, z {worst:.2f}; {numbers}"
        return Decision(Next.DROP, told, *measured, drop=name, contributions=contributions)
    told = f"the stack falls short, but every change helps in it: {numbers}"
    return Decision(Next.ACCEPT, told, *measured, contributions=contributions)


def _contributions(
    members: Sequence[Member], stack: Sequence[float], without: Mapping[str, Sequence[float]], spread: float
) -> tuple[tuple[str, float], ...]:
    """z of mean(without member) - mean(stack): positive where the member helps. Worst first."""
    found = []
    for member in members:
        left = without[member.name]
        se = spread * math.sqrt(1.0 / len(left) + 1.0 / len(stack))
        found.append((member.name, (sigma.mean(left) - sigma.mean(stack)) / se))
    return tuple(sorted(found, key=lambda pair: pair[1]))


def _variance(members: Sequence[Member], base_pool: str, base_runs: int, stack_runs: int) -> float:
    """Of (sum of gains - stack's gain), in sigma². A pool's mean enters once for each member measured against it and is
    taken back once by the stack's own gain, so members of one pool share its error."""
    own = math.fsum(1.0 / member.runs for member in members) + 1.0 / stack_runs
    sizes = {member.pool: member.pool_runs for member in members} | {base_pool: base_runs}
    uses = Counter(member.pool for member in members)
    uses[base_pool] -= 1
    return own + math.fsum(uses[pool] ** 2 / size for pool, size in sizes.items())
