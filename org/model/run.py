"""A run: one execution of the task at a tree, with a seed, on a device."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from org.model import machine


class Purpose(StrEnum):
    RACE = "race"  # a candidate against its pool
    RECHECK = "recheck"  # a rebased candidate against the moved head
    POOL = "pool"  # a baseline value
    FRESH = "fresh"  # seeds that selected nothing, for what is reported
    SCREEN = "screen"  # a short run that decides whether a candidate races
    SCREEN_POOL = "screen_pool"  # a baseline value at the screen's budget
    STUDY = "study"  # part of a study


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # crashed, or the metric is not a number
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"  # its keeper died; it is queued again under a new id
    INVALID = "invalid"  # it ended, but does not measure what it claims


class Event(StrEnum):
    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    TIME_OUT = "time_out"
    CANCEL = "cancel"
    LOSE = "lose"
    INVALIDATE = "invalidate"


RULES: dict[tuple[State, Event], State] = {
    (State.QUEUED, Event.START): State.RUNNING,
    (State.QUEUED, Event.CANCEL): State.CANCELLED,
    (State.RUNNING, Event.SUCCEED): State.SUCCEEDED,
    (State.RUNNING, Event.FAIL): State.FAILED,
    (State.RUNNING, Event.TIME_OUT): State.TIMED_OUT,
    (State.RUNNING, Event.CANCEL): State.CANCELLED,
    (State.RUNNING, Event.LOSE): State.LOST,
    (State.RUNNING, Event.INVALIDATE): State.INVALID,
}
OUTSTANDING = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Run:
    """One row of runs. metric is as the task reports it; seconds are wall seconds."""

    id: str
    purpose: Purpose
    state: State
    tree: str
    seed: int
    slot: int  # place of the seed in the pool's order, from 0
    rung: int
    depth: int | None
    budget: str
    queued_at: datetime
    program: str | None = None
    experiment: str | None = None
    pool: int | None = None
    attempt: int = 1
    device: str | None = None
    metric: float | None = None
    reason: str = ""
    record: dict[str, Any] = field(default_factory=dict)  # train.json
    result: dict[str, Any] = field(default_factory=dict)  # result.json
    train_seconds: float | None = None
    total_seconds: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    study: str | None = None
    gang: int = 1  # devices that it needs at once


def advance(state: State, event: Event, subject: str) -> State:
    """The state after event; IllegalMove otherwise."""
    return machine.advance(RULES, state, event, subject)
