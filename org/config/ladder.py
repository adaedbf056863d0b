"""Rungs that fit neither together nor to the task's command."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml.comments import CommentedMap

from org.config.findings import line_of

if TYPE_CHECKING:
    from org.config import TaskConfig

LAUNCHES = ("{python}", "{gang}")


def problems(path: Path, tree: CommentedMap, task: TaskConfig) -> Iterable[str]:
    """Each as `file:line: key: what, and the way out`."""
    for number, rung in enumerate(task.ladder):
        before = task.ladder[number - 1] if number else None
        key = f"task.ladder[{number}]"
        at = f"{path}:{line_of(tree, ['task', 'ladder', number])}"
        if before is None and rung.devices > 1:
            yield (
                f"{path}:{line_of(tree, ['task', 'ladder', 0, 'devices'])}: {key}.devices: {rung.devices}: races are run on the "
                "first rung, one device a run; put a rung with devices: 1 before it"
            )
        elif rung.devices > 1 and not any(word in task.command for word in LAUNCHES):
            yield (
                f"{at}: {key}.devices: {rung.devices}: nothing in task.command starts several processes; write {{python}} for "
                "the interpreter, or hand {gang} to a launcher of your own"
            )
        if before is not None and (rung.depth, rung.run_budget) == (before.depth, before.run_budget):
            yield f"{at}: {key}: the same depth and run_budget as the rung before it; change one, or remove it"
