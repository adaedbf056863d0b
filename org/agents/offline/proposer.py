"""The next change of a program's recipe: one key, one new value. Pure: the same inputs give the same change.

Ideas that name a key and a value come first; then every key once; then the keys that paid, but after two in a row
without a keep another key is due, and after ROUND of them a key rests until the others had as many. Values come from
Optuna's TPE, asked and told anew from the ledger each time, so a death loses nothing; when it only repeats itself, the
widest gap that is left.
"""

import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState

from org.agents.offline import ideas as backlog
from org.agents.offline import sampling
from org.agents.offline import space as spaces
from org.agents.offline import trials as past
from org.agents.offline.recipe import Value
from org.agents.offline.space import Dimension, Range, Space
from org.agents.offline.trials import Trial
from org.model.idea import Idea

START = 5
"""Measured changes before TPE models anything."""
IN_A_ROW = 2
"""Changes of one key after which another key's turn comes, unless one of them was kept (or all others rest)."""
ROUND = 4
"""Changes of one key without a keep after which it rests until every other key that has something left has had as many: a
value that promised and was not kept draws TPE to its neighbours for ever."""
ASKS = 40
"""How often TPE may answer with what was tried before the widest gap is taken."""


@dataclass(frozen=True, slots=True)
class Change:
    """One mechanism: key goes from before (the head's) to after. idea: the backlog line it comes from."""

    key: str
    before: Value
    after: Value
    idea: int | None = None


def choose(
    space: Space, head: Mapping[str, Value], trials: Sequence[Trial], *, seed: int, ideas: Iterable[Idea] = (),
    declined: Collection[tuple[str, Value]] = (),
) -> Change | None:  # fmt: skip
    """The next change; None when nothing is left to try.

    Never the head's value or an earlier head's, never one that was tried or declined. space keys that the recipe lacks are
    passed over. declined: (key, value) that the lab refused to take. seed: makes two juniors of one program differ.
    """
    tried = {key: [value] for key, value in head.items()}
    for key, value in [*((t.key, v) for t in trials for v in (t.before, t.after)), *declined]:
        tried.setdefault(key, []).append(value)
    for idea in ideas:
        named = backlog.named_change(idea.text, head)
        if named and not _is_tried(None, named[1], tried[named[0]]):  # who names a value means it, though one near by was tried
            return Change(named[0], head[named[0]], named[1], idea.id)
    inert = past.inert_keys(trials)
    left = {key: space[key] for key in space if key in head and key not in inert and _untried(space[key], tried[key])}
    if not left:
        return None
    looked_at, stale = {trial.key for trial in trials}, _ground(trials)
    first = {key: left[key] for key in left if key not in looked_at}
    due: Space = first or _rested(left, trials)
    due = {key: due[key] for key in due if key != stale} or due
    key, value = _ask(due, head, trials, tried, seed) or _widest_gap(due, tried, seed)
    return Change(key, head[key], value)


def _rested(left: Space, trials: Sequence[Trial]) -> Space:
    """The keys that had the fewest rounds of changes without a keep."""
    rounds = {key: _dry(key, trials) // ROUND for key in left}
    return {key: left[key] for key in left if rounds[key] == min(rounds.values())}


def _dry(key: str, trials: Sequence[Trial]) -> int:
    """Changes of a key since one of them was kept, or ever."""
    mine = [trial.state in past.KEPT for trial in trials if trial.key == key]
    return [*reversed(mine), True].index(True)


def _ground(trials: Sequence[Trial]) -> str | None:
    """The key that the last IN_A_ROW trials worked on, if none of them was kept."""
    last = trials[-IN_A_ROW:]
    alone = len(last) == IN_A_ROW and len({trial.key for trial in last}) == 1
    return last[0].key if alone and not any(trial.state in past.KEPT for trial in last) else None


def _ask(
    left: Space, head: Mapping[str, Value], trials: Sequence[Trial], tried: Mapping[str, list[Value]], seed: int
) -> tuple[str, Value] | None:
    """What TPE suggests, skipping what was tried."""
    study = _study(left, head, trials, seed)
    for _ in range(ASKS):
        trial = study.ask()
        key = trial.suggest_categorical("key", list(left))
        value = sampling.suggest(trial, key, left[key])
        if not _is_tried(left[key], value, tried[key]):
            return key, value
        study.tell(trial, state=TrialState.FAIL)
    return None


def _study(left: Space, head: Mapping[str, Value], trials: Sequence[Trial], seed: int) -> optuna.Study:
    """Everything that is known, as a study that maximizes the gain over today's head."""
    sampling.quiet()
    told = _observations(left, head, trials)
    # The head's own values are observations of gain 0 that cost no run; they do not count as a start.
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=len(left) + START)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    keys = CategoricalDistribution(list(left))
    for key, value, gain in told:
        state = TrialState.RUNNING if gain is None else TrialState.COMPLETE
        distributions = {"key": keys, key: sampling.distribution(left[key])}
        params = {"key": key, key: value}
        study.add_trial(optuna.create_trial(state=state, value=gain, params=params, distributions=distributions))
    return study


def _observations(left: Space, head: Mapping[str, Value], trials: Sequence[Trial]) -> list[tuple[str, Value, float | None]]:
    """(key, value, gain over the head); gain None while it races."""
    seen: list[tuple[str, Value, float | None]] = [(key, head[key], 0.0) for key in left]
    for key in left:
        seen += [(key, e.value, e.gain) for e in past.effects(key, head[key], trials)]
    worst = min(gain for _, _, gain in seen if gain is not None) - (past.noise(trials) or 0.0)
    mine = [t for t in trials if t.key in left and t.gain is None]
    seen += [(t.key, t.after, None) for t in mine if t.is_open]
    seen += [(t.key, t.after, worst) for t in mine if t.state in past.SPOILED]
    return [(key, value, gain) for key, value, gain in seen if spaces.holds(left[key], value)]


def _is_tried(dimension: Dimension | None, value: Value, tried: Iterable[Value]) -> bool:
    return any(spaces.same(dimension, value, other) for other in tried)


def _untried(dimension: Dimension, tried: Collection[Value]) -> list[Value]:
    return [value for value in spaces.grid(dimension) if not _is_tried(dimension, value, tried)]


def _widest_gap(left: Space, tried: Mapping[str, list[Value]], seed: int) -> tuple[str, Value]:
    """Of one key that has something left, the value farthest from all that was tried."""
    key = random.Random(seed).choice(list(left))
    dimension = left[key]
    return key, max(_untried(dimension, tried[key]), key=lambda value: _distance(dimension, value, tried[key]))


def _distance(dimension: Dimension, value: Value, tried: Iterable[Value]) -> float:
    if not isinstance(dimension, Range) or isinstance(value, str):
        return 0.0
    numbers = [v for v in tried if not isinstance(v, str)]
    places = (spaces.position(dimension, v) for v in numbers)
    return min((abs(spaces.position(dimension, value) - p) for p in places if math.isfinite(p)), default=1.0)
