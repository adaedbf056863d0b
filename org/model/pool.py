"""A pool: the baseline runs of one tree, task, rung, budget and environment on one device model."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pool:
    id: int
    key: str  # digest of everything below but the id
    tree: str
    rung: int
    budget: str
    environment: str  # digest of evaluator, corpus and libraries
    device_model: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """The run that speaks for one seed of a pool. fresh: run for this pool, not carried over from a merge."""

    pool: int
    slot: int
    run: str
    fresh: bool
