"""Loss against compute: what a set of scored runs says about how bits per byte fall with training FLOPs.

    bpb(C) = floor + (bpb_at - floor) · (C / at)^-exponent        at: the geometric mean of the runs' FLOPs

Only finished runs are points, never a run on its way, which lies above the curve that its own schedule would have reached.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from trainer.measure.data import IDENTITY
from trainer.measure.errors import TrainerError

SAME = ("evaluator_digest", *IDENTITY, "data_digest", "versions")  # what fingerprint tells
TOLD = ("depth", "budget", "code_digest", "device_model", "dtype", "vocab")
FLOOR = 0.6  # of the lowest loss, where the runs are too few to fit it: over a factor of two in FLOPs it hardly matters
FITTED_FROM = 5  # different amounts of compute


@dataclass(frozen=True, slots=True)
class Point:
    """One run. record is its train.json; train_loss the mean of the last tenth of its steps, in nats a token."""

    run: Path
    record: dict[str, Any]
    bpb: float
    train_loss: float

    @property
    def flops(self) -> float:
        """Of training, as counted."""
        return float(self.record["flops"])


@dataclass(frozen=True, slots=True)
class Curve:
    """The law above. residual: standard deviation of the runs about it, in bpb. fitted: whether the floor was."""

    floor: float
    bpb_at: float
    at: float
    exponent: float
    residual: float
    fitted: bool

    def __call__(self, flops: float) -> float:
        """Bits per byte at that compute."""
        return self.floor + (self.bpb_at - self.floor) * math.pow(flops / self.at, -self.exponent)


def points(runs: Sequence[Path]) -> list[Point]:
    """The runs by their FLOPs. Raises TrainerError for one without a valid score, and for scores that do not compare."""
    found = [_point(run) for run in runs]
    first = found[0]
    for other in found[1:]:
        for name in SAME:
            ours, theirs = first.record.get(name), other.record.get(name)
            if ours != theirs:
                told = f"{first.run} has {ours}, {other.run} has {theirs}"
                raise TrainerError(f"these scores do not compare: {name} differs: {told}")
    return sorted(found, key=lambda point: point.flops)


def fit(flops: Sequence[float], bpb: Sequence[float]) -> Curve:
    """Least squares in ln(bpb - floor); the floor too where there are FITTED_FROM amounts of compute. Raises TrainerError."""
    x, y = numpy.log(numpy.asarray(flops, dtype=float)), numpy.asarray(bpb, dtype=float)
    amounts = len(set(numpy.round(x, 3)))
    if len(x) < 3 or amounts < 2:
        raise TrainerError(f"a curve needs three runs and two amounts of compute; here are {len(x)} and {amounts}")
    if amounts < FITTED_FROM:
        return _line(x, y, FLOOR * float(y.min()), fitted=False)
    floors = numpy.linspace(0, 0.99, 199) * y.min()
    return min((_line(x, y, float(floor), fitted=True) for floor in floors), key=lambda curve: curve.residual)


def differing(found: Sequence[Point]) -> dict[str, list[Any]]:
    """What is not the same in all runs, besides seeds and FLOPs, with the values."""
    seen = {name: [point.record.get(name) for point in found] for name in TOLD}
    keys = {key for point in found for key in point.record["recipe"]}
    seen |= {f"recipe.{key}": [point.record["recipe"].get(key) for point in found] for key in sorted(keys)}
    distinct = {name: list(dict.fromkeys(values)) for name, values in seen.items()}
    return {name: values for name, values in distinct.items() if len(values) > 1}


def _line(x: numpy.ndarray, y: numpy.ndarray, floor: float, *, fitted: bool) -> Curve:
    centre = float(x.mean())
    slope, intercept = numpy.polyfit(x - centre, numpy.log(y - floor), 1)
    bare = Curve(floor, floor + math.exp(intercept), math.exp(centre), -float(slope), 0.0, fitted)
    off = y - numpy.array([bare(math.exp(value)) for value in x])
    free = max(len(x) - 2 - fitted, 1)
    return Curve(bare.floor, bare.bpb_at, bare.at, bare.exponent, math.sqrt(float(off @ off) / free), fitted)


def _point(run: Path) -> Point:
    record, score = _read(run / "train.json"), _read(run / "result.json")
    if record["status"] != "succeeded":
        raise TrainerError(f"{run}: training {record['status']} ({record['reason']})")
    if not score["valid"]:
        raise TrainerError(f"{run}: its score is invalid ({score['reason']})")
    if score["checkpoint_digest"] != record["checkpoint_digest"]:
        raise TrainerError(f"{run}: result.json is the score of another checkpoint; evaluate it again")
    return Point(run, record, float(score["value"]), _train_loss(run / "metrics.jsonl", int(record["steps"])))


def _train_loss(path: Path, steps: int) -> float:
    rows = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    if not rows or rows[-1]["step"] != steps:
        raise TrainerError(f"{path}: it does not end with step {steps}, the last of train.json")
    return float(numpy.mean([row["loss"] for row in rows[-max(steps // 10, 1) :]]))


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise TrainerError(f"{path} is missing: a point is a run that was trained and evaluated") from None
    except ValueError as error:
        raise TrainerError(f"{path}: damaged: {error}") from None
    return found
