"""How far a running run is: the last whole line of its metrics.jsonl."""

import json
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Progress:
    """step of steps; loss as the task reports it; seconds of training so far."""

    step: int
    steps: int
    loss: float | None
    train_seconds: float


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
            return Progress(int(value["step"]), int(value["steps"]), value.get("loss"), float(value.get("train_seconds", 0.0)))
        except (ValueError, KeyError, TypeError):
            continue
    return None
