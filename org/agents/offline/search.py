"""The next values of several recipe keys at once, for a sweep: Optuna's TPE, told anew each time, so that nothing but what
was measured has to be kept. Pure: the same inputs give the same values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import optuna
from optuna.trial import TrialState

from org.agents.offline import sampling
from org.agents.offline import space as spaces
from org.agents.offline.recipe import Value
from org.agents.offline.space import Space

RANDOM_A_KEY = 2  # trials by lot for each key, before TPE models anything
RANDOM_LEAST = 4
ASKS = 60  # how often it may answer with what was tried before the space counts as tried out


@dataclass(frozen=True, slots=True)
class Point:
    """Values that were tried. gain: over the base, positive is better; None: it ran and left no number."""

    values: Mapping[str, Value]
    gain: float | None


def propose(space: Space, head: Mapping[str, Value], tried: Sequence[Point], seed: int) -> dict[str, Value] | None:
    """Values for every key of the space, none of them all like the head's or like a point that was tried; None when
    nothing else was found."""
    sampling.quiet()
    start = max(RANDOM_LEAST, RANDOM_A_KEY * len(space))
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=start))
    distributions = {key: sampling.distribution(dimension) for key, dimension in space.items()}
    for point in _told(space, head, tried):
        params = {key: point.values[key] for key in space}
        study.add_trial(optuna.create_trial(value=point.gain, params=params, distributions=distributions))
    seen = [{key: head[key] for key in space}, *(point.values for point in tried)]
    for _ in range(ASKS):
        trial = study.ask()
        values = {key: sampling.suggest(trial, key, dimension) for key, dimension in space.items()}
        if not any(_same(space, values, other) for other in seen):
            return values
        study.tell(trial, state=TrialState.FAIL)
    return None


def _told(space: Space, head: Mapping[str, Value], tried: Sequence[Point]) -> list[Point]:
    """What the model learns from: points inside the space, the head as a gain of 0, a failure as bad as the worst."""
    worst = min([0.0, *(p.gain for p in tried if p.gain is not None)])
    points = [Point({key: head[key] for key in space}, 0.0)]
    points += [Point(p.values, worst if p.gain is None else p.gain) for p in tried]
    return [p for p in points if all(spaces.holds(space[key], p.values[key]) for key in space)]


def _same(space: Space, one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    return all(spaces.same(space[key], one[key], other[key]) for key in space)
