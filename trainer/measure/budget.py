"""Budgets: `400step | 5e7tok | 2e15flop | 300s`, and the meter that says what is left of one.

Steps, tokens and FLOPs become a step count before the first step, so no clock touches the result.
Seconds stop by the clock, which runs from the first step on; compiling comes before it.
"""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from trainer.measure.errors import UsageError

UNITS = ("step", "tok", "flop", "s")
_FORM = re.compile(r"(\d+(?:\.\d*)?(?:e\+?\d+)?)(step|tok|flop|s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one run may spend: `amount` of `unit`."""

    amount: float
    unit: str
    text: str


def parse(text: str) -> Budget:
    """Read one of the four forms; anything else is refused with all four named."""
    match = _FORM.fullmatch(text.strip())
    if match is None or not 0 < float(match[1]) < math.inf:
        raise UsageError(f"--budget {text}: want one of 400step, 5e7tok, 2e15flop, 300s (a number above 0)")
    return Budget(float(match[1]), match[2].lower(), text.strip())


def steps_of(budget: Budget, *, tokens_per_step: float, flops_per_step: int) -> int | None:
    """Whole steps that fit the budget, at least one; None where only the clock can tell."""
    per_step = {"step": 1, "tok": tokens_per_step, "flop": flops_per_step}.get(budget.unit)
    return None if per_step is None else max(1, int(budget.amount // per_step))


class Meter:
    """Counts finished steps, and the seconds spent on them."""

    def __init__(self, budget: Budget, steps: int | None, now: Callable[[], float] = time.perf_counter) -> None:
        """steps: the step count of `steps_of`. now: seconds of a monotonic clock."""
        self.budget, self.steps_planned = budget, steps
        self.steps, self.train_seconds = 0, 0.0
        self._now, self._origin = now, now()

    @property
    def left(self) -> bool:
        """Whether another step may start. One step always runs."""
        if self.steps_planned is not None:
            return self.steps < self.steps_planned
        return self.train_seconds < self.budget.amount

    @property
    def progress(self) -> float:
        """Fraction of the budget that is spent, 0 at the first step and below 1 at the last."""
        if self.steps_planned is not None:
            return self.steps / self.steps_planned
        return min(self.train_seconds / self.budget.amount, 1.0)

    def start(self) -> None:
        """Let the clock run on from train_seconds: before the first step, and after anything that is no training."""
        self._origin = self._now() - self.train_seconds

    def finished(self) -> None:
        """Call after each step, once the device is done with it."""
        self.steps += 1
        self.train_seconds = self._now() - self._origin
