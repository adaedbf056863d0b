"""Past experiments of a program as one-key changes, and what they say of a key's values as seen from today's head.

Values come from the recipes at an experiment's own base and tip, so proposals of people and of other backends count.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from org.agents.offline import recipe
from org.agents.offline.recipe import Value
from org.model.experiment import IN_HEAD, OPEN, Experiment, State

RecipeAt: TypeAlias = Callable[[str], Mapping[str, Value] | None]
"""The recipe's values at a commit; None when there is none."""

KEPT = IN_HEAD | {State.BETTER, State.QUEUED}
SPOILED = frozenset({State.FAILED, State.INVALID})
"""Ran, and there is no number: as bad as the worst."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One experiment that changed one recipe key. gain: measured, positive is better; None without a measurement."""

    experiment: str
    key: str
    before: Value
    after: Value
    state: State
    gain: float | None = None
    se: float | None = None
    z: float | None = None
    sigma: float | None = None
    is_inert: bool = False  # bit-identical to its base: at that head the key does nothing

    @property
    def is_open(self) -> bool:
        return self.gain is None and self.state in OPEN


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of one value of a key: its gain over the head's value, from which experiment."""

    value: Value
    gain: float
    trial: Trial


def from_experiments(experiments: Iterable[Experiment], recipe_at: RecipeAt) -> list[Trial]:
    """The experiments that changed exactly one key, in their order. Others say nothing about a single key."""
    trials = []
    for experiment in experiments:
        before, after = recipe_at(experiment.base_commit), recipe_at(experiment.tip_commit)
        if before is None or after is None:
            continue
        keys = recipe.changed(before, after)
        if len(keys) == 1 and keys[0] in before and keys[0] in after:
            trials.append(_trial(experiment, keys[0], before[keys[0]], after[keys[0]]))
    return trials


def effects(key: str, head: Value, trials: Sequence[Trial]) -> list[Effect]:
    """Measured values of a key, each as a gain over the head's value, oldest first.

    A gain was measured against the base of its day; along merged changes of the key it is carried to today's head.
    """
    mine = [t for t in trials if t.key == key and t.gain is not None]
    level: dict[Value, float] = {head: 0.0}
    for trial in reversed([t for t in mine if t.state in IN_HEAD]):
        if trial.after in level and trial.before not in level:
            level[trial.before] = level[trial.after] - (trial.gain or 0.0)
    return [Effect(t.after, (t.gain or 0.0) + level.get(t.before, 0.0), t) for t in mine]


def inert_keys(trials: Iterable[Trial]) -> set[str]:
    """Keys that do nothing at today's head: every later value of theirs would be as inert, until a merge changes that."""
    keys: set[str] = set()
    for trial in trials:
        if trial.state in IN_HEAD:
            keys.clear()
        elif trial.is_inert:
            keys.add(trial.key)
    return keys


def noise(trials: Iterable[Trial]) -> float | None:
    """The usual run-to-run standard deviation, in metric units; None before anything was measured."""
    known = [t.sigma for t in trials if t.sigma]
    return median(known) if known else None


def _trial(experiment: Experiment, key: str, before: Value, after: Value) -> Trial:
    told = experiment.decision
    gain = told.get("gain", experiment.gain) if told.get("candidate_runs", 1) else None
    if experiment.state in SPOILED:
        gain = None
    return Trial(
        experiment.id, key, before, after, experiment.state, _number(gain), _number(told.get("se")),
        _number(told.get("z")), _number(told.get("sigma")), told.get("cause") == "no_effect",
    )  # fmt: skip


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
