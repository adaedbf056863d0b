"""Rungs that fit neither together nor to the task's command."""

from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from org.config.findings import line_of
from org.config.sections import TaskConfig

LAUNCHES = ("{python}", "{gang}")
LEAST_SEEDS = 3  # of a pool: so many are run fresh for every new head


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
        if rung.pool < LEAST_SEEDS:
            yield (
                f"{path}:{line_of(tree, ['task', 'ladder', number, 'pool'])}: {key}.pool: {rung.pool}: so few seeds say next to "
                f"nothing of the noise; write {LEAST_SEEDS} to 8 (races see most with 8: leave it out)"
            )
        if before is not None and (rung.depth, rung.run_budget) == (before.depth, before.run_budget):
            yield f"{at}: {key}: the same depth and run_budget as the rung before it; change one, or remove it"
