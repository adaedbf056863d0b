"""When a run does not count. A run is never dropped for its metric: these rules see steps, seconds and digests only."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from org.science.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a run is invalid. device: the device is to blame, so the run is repeated with the same seed; otherwise the
    lab or the code is, and a repetition would change nothing."""

    device: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Reruns:
    """Runs to repeat with the same seed. exhausted: an arm has used up its reruns; the experiment is invalid."""

    candidate: int
    base: int
    exhausted: bool


def check_steps(steps: int, pool_steps: Sequence[int], protocol: Protocol) -> Fault | None:
    """Time budgets: the same code takes about as many steps as its pool's median run. No pool, no fault."""
    if not pool_steps:
        return None
    usual, share = median(pool_steps), protocol.validity.step_share
    if abs(steps - usual) <= share * usual:
        return None
    return Fault(True, f"{steps} steps are {steps / usual - 1:+.1%} of the pool's median {usual:g}; {share:.0%} is allowed")


def check_time(train_seconds: float, budget_seconds: float, protocol: Protocol) -> Fault | None:
    """Time budgets are kept, neither over- nor underspent."""
    share = protocol.validity.time_share
    if abs(train_seconds - budget_seconds) <= share * budget_seconds:
        return None
    off = train_seconds / budget_seconds - 1
    return Fault(True, f"{train_seconds:.1f} s are {off:+.1%} of the budget of {budget_seconds:g} s; {share:.1%} is allowed")


def check_digests(expected: Mapping[str, str], found: Mapping[str, str]) -> Fault | None:
    """Evaluator, evaluation set, byte count, tokenizer, data order, device model, libraries, budget: all equal."""
    for name, value in expected.items():
        if found.get(name) != value:
            return Fault(False, f"{name} is {found.get(name, 'missing')}, the base ran with {value}")
    return None


def check_value(value: float) -> Fault | None:
    """A metric is a finite number; anything else is a crash, which the lab retries once."""
    return None if math.isfinite(value) else Fault(False, f"the metric is {value}")


def reruns(candidate_faults: int, base_faults: int, used_candidate: int, used_base: int, protocol: Protocol) -> Reruns:
    """How many runs of each arm are repeated. faults: device faults not yet repeated; used: reruns spent so far.

    The rule is the same for both arms, so that repeating cannot favour one.
    """
    left_candidate = protocol.validity.reruns - used_candidate
    left_base = protocol.validity.reruns - used_base
    exhausted = candidate_faults > left_candidate or base_faults > left_base
    return Reruns(min(candidate_faults, max(left_candidate, 0)), min(base_faults, max(left_base, 0)), exhausted)
