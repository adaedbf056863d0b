"""An experiment's end in plain words, from its row alone: for panes, standups and digests."""

from collections.abc import Iterable
from datetime import datetime

from org.model.experiment import IN_HEAD, VERDICTS, Experiment, State

WORDS: dict[State, str] = {
    State.BETTER: "is better and goes to the merge",
    State.QUEUED: "is better and waits for its merge",
    State.MERGED: "was merged",
    State.CONFIRMED: "was merged and held at its rung",
    State.FAILED_TRANSFER: "was merged, but did not hold at its rung",
    State.CERTIFIED: "was merged and may be claimed",
    State.UNCERTIFIED: "was merged; it is not claimed",
    State.DISCARDED: "was discarded",
    State.PARKED: "was parked, undecided",
    State.NOT_MERGED: "was better, but not merged",
    State.CONFLICT: "does not merge with the head",
    State.INVALID: "is invalid",
    State.FAILED: "failed",
    State.REVERTED: "was taken out of the head again",
    State.REFUSED: "was refused",
    State.WITHDRAWN: "was withdrawn",
    State.VETOED: "was vetoed",
    State.CANCELLED: "was cancelled",
}


def sentence(experiment: Experiment) -> str:
    """E12 (warmdown_ratio 0.65 → 0.4) was merged: measured gain +0.0041; e 420 reaches 200 after 4 runs."""
    told = WORDS.get(experiment.state, f"is {experiment.state.value}")
    why = "; ".join(part for part in (numbers(experiment), experiment.reason) if part)
    return f"{experiment.id} ({experiment.subject}) {told}{': ' + why if why else ''}"


def numbers(experiment: Experiment) -> str:
    """The measured gain of its decision; empty before there is one. z, e and runs are in the reason."""
    gain = experiment.measured_gain
    return "" if gain is None else f"measured gain {gain:+.4f}"


def decided_since(experiments: Iterable[Experiment], since: datetime) -> list[Experiment]:
    """Those whose race ended since, in the order of their ends."""
    ended = [e for e in experiments if e.state in VERDICTS and e.decided_at is not None and e.decided_at >= since]
    return sorted(ended, key=lambda e: e.decided_at or since)


def is_merged(experiment: Experiment) -> bool:
    return experiment.state in IN_HEAD
