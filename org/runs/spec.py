"""The contract with a keeper: spec.json in, outcome.json out. Both carry a schema version."""

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from org.model.errors import OrgError
from org.store import atomic

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Spec:
    """What a keeper does. Commands are argument lists with every placeholder filled in; seconds are wall seconds.

    device: of a gang all of its devices (`model/gang.py`); threads: of each of its processes. scoring: what differs in the
    environment of the evaluation, which has one device.
    """

    run: str
    device: str
    threads: int
    snapshot: str  # the folder that the run executes
    train: list[str]
    evaluate: list[str] | None  # prints one JSON line; None: pattern speaks
    pattern: str | None
    metric: str
    environment: dict[str, str]
    timeout_seconds: float
    evaluate_timeout_seconds: float
    scoring: dict[str, str] = field(default_factory=dict)
    warm: tuple[str, ...] = ()  # modules that its training process may find imported (warm.py)
    schema: int = SCHEMA


class End(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. metric is the lab's score, or for a pattern the self-reported one."""

    run: str
    end: End
    reason: str = ""
    metric: float | None = None
    self_reported: bool = False
    train_seconds: float = 0.0
    evaluate_seconds: float = 0.0
    total_seconds: float = 0.0
    cpu_seconds: float = 0.0
    train_exit: int | None = None
    record: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA


def write_spec(folder: Path, spec: Spec) -> None:
    atomic.write_json(folder / "spec.json", dataclasses.asdict(spec))


def read_spec(folder: Path) -> Spec:
    return Spec(**_checked(folder / "spec.json"))


def write_outcome(folder: Path, outcome: Outcome) -> None:
    atomic.write_json(folder / "outcome.json", dataclasses.asdict(outcome))


def read_outcome(folder: Path) -> Outcome | None:
    """None while the keeper has not spoken."""
    path = folder / "outcome.json"
    if not path.exists():
        return None
    value = _checked(path)
    return Outcome(**{**value, "end": End(value["end"])})


def _checked(path: Path) -> dict[str, Any]:
    value = atomic.read_json(path)
    if value.get("schema") != SCHEMA:
        raise OrgError(f"{path} has schema {value.get('schema')}, this org reads {SCHEMA}")
    return value
