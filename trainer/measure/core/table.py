"""The result of CORE for people, a line a task as it comes."""

from typing import Any

from trainer.measure.core.result import Outcome

_LINE = "{:34} {:>17} {:>5} {:>6} {:>9} {:>9}"
HEADER = _LINE.format("task", "type", "shots", "items", "accuracy", "centered")


def line(outcome: Outcome) -> str:
    """One task."""
    task, numbers = outcome.task, (f"{outcome.accuracy:.4f}", f"{outcome.centered:+.4f}")
    cut = f"  {outcome.cut} too long for the model" if outcome.cut else ""
    return _LINE.format(task.label, str(task.kind), task.shots, outcome.items, *numbers) + cut


def last_line(result: dict[str, Any]) -> str:
    """The mean, by its right name."""
    if not result["valid"]:
        return f"invalid: {result['reason']}"
    part = f" (at most {result['max_per_task']} items a task)" if result["max_per_task"] else ""
    if result["core"] is not None:
        return f"CORE {result['core']:.4f} ± {result['se']:.4f}{part}"
    tasks = f"{len(result['tasks'])} tasks, {len(result['missing'])} of CORE's 22 missing: this is not CORE"
    return f"partial mean {result['partial_mean']:.4f} ± {result['se']:.4f}{part} of {tasks}"
