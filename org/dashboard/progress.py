"""How far a running run is, from the last whole line of its metrics.jsonl. A missing or torn file is no news, not an
error: the run has only just begun, or is writing this very line."""

import json
import math
from pathlib import Path
from typing import Any

from org.dashboard.state import HowFar

TAIL_BYTES = 8192


def of_file(path: Path, budget: str) -> HowFar | None:
    """budget: as the run has it (`300s` has no step count; then seconds say how far it is)."""
    row = _last_row(path)
    return None if row is None else of_row(row, budget)


def of_row(row: dict[str, Any], budget: str) -> HowFar:
    """From one line of metrics: step, steps, train_seconds, loss, tok_per_sec. Agents' code may write anything into it:
    what is missing or no number is not known."""
    step, steps = _count(row, "step") or 0, _count(row, "steps")
    spent = _number(row, "train_seconds") or 0.0
    seconds = _seconds(budget)
    fraction, left = 0.0, None
    if steps:
        fraction = min(step / steps, 1.0)
        left = spent / step * max(steps - step, 0) if step and spent else None
    elif seconds:
        fraction, left = min(spent / seconds, 1.0), max(seconds - spent, 0.0)
    return HowFar(step, steps, fraction, left, _number(row, "loss"), _number(row, "tok_per_sec"))


def _number(row: dict[str, Any], key: str) -> float | None:
    value = row.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _count(row: dict[str, Any], key: str) -> int | None:
    value = _number(row, key)
    return None if value is None else max(int(value), 0)


def _seconds(budget: str) -> float | None:
    """The seconds of a time budget; None for steps, tokens and FLOPs."""
    try:
        return float(budget[:-1]) if budget.endswith("s") else None
    except ValueError:
        return None


def _last_row(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - TAIL_BYTES, 0))
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        try:
            row = json.loads(line)
        except ValueError:  # the first line may be cut by the seek, the last one be half written
            continue
        if isinstance(row, dict):
            return row
    return None
