"""How far a running run is: the last whole line of its metrics.jsonl."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Progress:
    """step of steps, None where only the clock ends the run; loss as the task reports it; seconds of training so far."""

    step: int
    steps: int | None
    loss: float | None
    train_seconds: float

    def share(self, budget: str) -> float:
        """How much of the run's budget is spent, 0 to 1; 0 where neither steps nor seconds tell."""
        if self.steps:
            return min(self.step / self.steps, 1.0)
        seconds = seconds_of(budget)
        return min(self.train_seconds / seconds, 1.0) if seconds else 0.0

    def words(self, budget: str) -> str:
        """`step 412/953`; under a time budget `step 412, 31/300 s`."""
        if self.steps:
            return f"step {self.step}/{self.steps}"
        seconds = seconds_of(budget)
        return f"step {self.step}, {self.train_seconds:.0f}/{seconds:g} s" if seconds else f"step {self.step}"


def seconds_of(budget: str) -> float | None:
    """The seconds of a time budget such as `300s`; None for steps, tokens and FLOPs."""
    try:
        return float(budget.removesuffix("s")) if budget.endswith("s") else None
    except ValueError:
        return None


def read(folder: Path) -> Progress | None:
    """None while nothing was written yet. A torn last line is passed over."""
    path = folder / "metrics.jsonl"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    for line in reversed(lines):
        try:
            value = json.loads(line)
            steps = None if value.get("steps") is None else int(value["steps"])
            loss = value.get("loss")
            known = isinstance(loss, int | float) and math.isfinite(loss)
            return Progress(int(value["step"]), steps, loss if known else None, float(value.get("train_seconds") or 0.0))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            continue
    return None
