"""What runs spent, by their own records: training FLOPs, tokens and parameters, counted by the task's protected code."""

from collections.abc import Sequence
from dataclasses import dataclass

from org.model.run import Run
from org.science import sigma
from org.science.labels import Ratios

NO_FLOPS = "the task reports no FLOPs"
COUNTS = {"flops": "FLOPs", "tokens": "tokens", "parameters": "parameters"}  # as train.json calls them, and in words


@dataclass(frozen=True, slots=True)
class Spent:
    """Means over the runs of one tree at one budget."""

    flops: float
    tokens: float
    parameters: float


def missing(runs: Sequence[Run]) -> str | None:
    """Which count the records of these runs lack, as a reason; None when all are there."""
    for name, words in COUNTS.items():
        if any(not _is_count(run.record.get(name)) for run in runs):
            return NO_FLOPS if name == "flops" else f"the task reports no {words}"
    return None


def spent(runs: Sequence[Run]) -> Spent:
    """Of at least one run whose record misses nothing."""
    return Spent(*(sigma.mean([float(run.record[name]) for run in runs]) for name in COUNTS))


def ratios(candidate: Spent, base: Spent) -> Ratios:
    """Candidate over base."""
    return Ratios(
        candidate.flops / base.flops, candidate.tokens / base.tokens, candidate.parameters / base.parameters
    )  # fmt: skip


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")
