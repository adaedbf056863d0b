"""Shares, means and their standard errors, from the results of a study."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulate.nulls import Null
from simulate.progress import RUNS, Progress
from simulate.study import Results


@dataclass(frozen=True, slots=True)
class Number:
    """A value with its standard error."""

    value: float
    se: float

    def text(self, digits: int = 3) -> str:
        return f"{self.value:.{digits}f} ± {self.se:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Pace:
    """Campaigns of one rule."""

    ratio: Number
    """True progress per run, naive rule = 1."""
    gain: float
    """In sigmas over the usual number of runs."""
    tries: float
    keeps: float
    false_share: float
    """Of keeps."""
    any_false: float
    """Campaigns with a false keep."""


def share(hits: Sequence[bool]) -> Number:
    """A share; with no hit or only hits its error is that of one in the sample."""
    count = len(hits)
    found = sum(hits) / count
    bounded = min(max(found, 1.0 / count), 1.0 - 1.0 / count)
    return Number(found, (bounded * (1.0 - bounded) / count) ** 0.5)


def mean(values: Sequence[float]) -> Number:
    return Number(float(np.mean(values)), float(np.std(values)) / len(values) ** 0.5)


def any_keep(campaigns: Sequence[Null]) -> Number:
    return share([c.kept > 0 for c in campaigns])


def candidate_runs(campaigns: Sequence[Null], tries: int) -> float:
    return float(np.mean([c.candidate_runs for c in campaigns])) / tries


def pool_runs(campaigns: Sequence[Null], tries: int) -> float:
    return float(np.mean([c.pool_runs for c in campaigns])) / tries


def pace(results: Results, key: tuple[object, ...]) -> Pace:
    """How a rule's campaigns went, against the naive rule's."""
    done: list[Progress] = results[key]
    naive = mean([d.gain / d.runs for d in results[("naive",)]])
    own = mean([d.gain / d.runs for d in done])
    ratio = own.value / naive.value
    se = ratio * ((own.se / own.value) ** 2 + (naive.se / naive.value) ** 2) ** 0.5
    keeps, false = sum(d.keeps for d in done), sum(d.false_keeps for d in done)
    return Pace(
        Number(ratio, se), own.value * RUNS, float(np.mean([d.tries for d in done])), keeps / len(done),
        false / max(keeps, 1), float(np.mean([d.false_keeps > 0 for d in done])),
    )  # fmt: skip
