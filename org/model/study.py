"""A study: a planned set of runs that answers one question of the lab, decided by a pure rule at its end."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    CURVE = "curve"  # the baseline at other budgets: what compute alone would give
    SENTINEL = "sentinel"  # one baseline run: has the machine drifted?
    NOISE = "noise"  # where the run-to-run noise comes from
    CERTIFICATE = "certificate"  # new head against old on fresh seeds: may the gain be claimed?
    HEADLINE = "headline"  # head against root on fresh seeds
    STACK = "stack"  # several merges together: what do they give as one?
    ABLATION = "ablation"  # a change without one of its parts
    RUNG = "rung"  # a change at a larger scale
    SWEEP = "sweep"  # values of recipe keys by Optuna: uncounted, it keeps nothing
    REVERT = "revert"  # the head without one of its merges


class State(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"  # its runs do not work: `reason` says how
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Study:
    """One row of studies. plan: what was asked (trees, seeds, parts); outcome: what was found; both as their kind has it."""

    id: str
    kind: Kind
    subject: str  # what it is about: E41, a program, pool-7
    state: State
    asked_by: str
    asked_at: datetime
    program: str | None = None
    plan: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    done_at: datetime | None = None
