"""Spaces as Optuna knows them."""

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from org.agents.offline import space as spaces
from org.agents.offline.recipe import Value
from org.agents.offline.space import Choices, Dimension, Range


def distribution(dimension: Dimension) -> BaseDistribution:
    match dimension:
        case Choices(values):
            return CategoricalDistribution(values)
        case Range(low, high, log, whole=True):
            return IntDistribution(int(low), int(high), log=log)
        case Range(low, high, log):
            return FloatDistribution(low, high, log=log)


def suggest(trial: optuna.Trial, key: str, dimension: Dimension) -> Value:
    """A value as a person would write it."""
    match dimension:
        case Choices(values):
            return trial.suggest_categorical(key, values)  # type: ignore[return-value]
        case Range(low, high, log, whole=True):
            return trial.suggest_int(key, int(low), int(high), log=log)
        case Range(low, high, log):
            return spaces.rounded(dimension, trial.suggest_float(key, low, high, log=log))


def quiet() -> None:
    """Optuna tells of every trial otherwise."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
