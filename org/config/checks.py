"""Keys that are right one by one and do not fit together."""

import re
from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from org.config import ladder
from org.config.derived import agent_names
from org.config.findings import line_of
from org.config.sections import Config

OURS = frozenset({"human", "office", "notebook", "standups", "runs", "logs", "data", "snapshots", "adopted"})  # names in comms/


def problems(path: Path, tree: CommentedMap, config: Config) -> Iterable[str]:
    """Each as `file:line: key: what, and the way out`."""
    task = config.task
    if (task.evaluate is None) == (task.pattern is None):
        yield f"{path}:{line_of(tree, ['task'])}: task: give exactly one of `evaluate` and `pattern`"
    if config.structure == "chief" and not any(a.role.startswith("chief") for a in config.agents):
        line = line_of(tree, ["agents"])
        yield f"{path}:{line}: agents: structure chief needs an agent with a chief role, or write structure: solo"
    names = [name for name, _ in agent_names(config)]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{path}:{line_of(tree, ['agents'])}: agents: two agents would be called {name}; give one a `name`"
    for name in sorted(set(names) & OURS):
        yield f"{path}:{line_of(tree, ['agents'])}: agents: {name} is the lab's own name; choose another"
    yield from ladder.problems(path, tree, task)
    if not set(task.protected).isdisjoint(task.editable):
        yield f"{path}:{line_of(tree, ['task', 'protected'])}: task.protected: the same pattern is editable too"
    if task.pattern is not None:
        try:
            if re.compile(task.pattern).groups < 1:
                yield f"{path}:{line_of(tree, ['task', 'pattern'])}: task.pattern: needs one (group) around the number"
        except re.error as error:
            yield f"{path}:{line_of(tree, ['task', 'pattern'])}: task.pattern: {error}"
