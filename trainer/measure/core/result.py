"""Accuracies into CORE: each centered on its random baseline, (accuracy - baseline) / (1 - baseline), then their mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.measure.core.bundle import CORE, Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """One task as it went. cut: items whose scored tokens did not all fit the model."""

    task: Task
    right: int
    items: int
    cut: int

    @property
    def accuracy(self) -> float:
        """Share of items."""
        return self.right / self.items

    @property
    def centered(self) -> float:
        """0 for guessing, 1 for all right; below 0 for worse than guessing."""
        return (self.accuracy - self.task.baseline) / (1 - self.task.baseline)

    @property
    def error(self) -> float:
        """Standard error of `centered` from drawing the items."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.items) / (1 - self.task.baseline)

    def told(self) -> dict[str, Any]:
        """As it stands in the result."""
        task = self.task
        facts = {"type": str(task.kind), "shots": task.shots, "n": self.items, "accuracy": self.accuracy}
        return facts | {"baseline": task.baseline, "centered": self.centered, "cut": self.cut}


def mean(outcomes: Sequence[Outcome]) -> float:
    """Of the centered numbers: CORE, where these are its 22 tasks."""
    return sum(outcome.centered for outcome in outcomes) / len(outcomes)


def error(outcomes: Sequence[Outcome]) -> float:
    """Standard error of the mean from drawing the items; training another seed moves it further."""
    return math.sqrt(sum(outcome.error**2 for outcome in outcomes)) / len(outcomes)


def numbers(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """As they stand in the result: the mean is called CORE only where its 22 tasks, and no others, are in it."""
    whole = sorted(outcome.task.label for outcome in outcomes) == sorted(CORE)
    told = {outcome.task.label: outcome.told() for outcome in outcomes}
    return {"core" if whole else "partial_mean": mean(outcomes), "se": error(outcomes), "tasks": told}
