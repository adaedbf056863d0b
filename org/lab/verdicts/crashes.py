"""What a run that did not succeed means for its arm: one retry for a crash, then the arm ends; a run that measures
something else is run again at most twice, then the arm is invalid. A lost run says nothing of the change (a reboot loses
all that run) and is run again without counting, until it is always this one that is lost. Never for its metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from org.model.experiment import Event
from org.model.run import Run, State

CRASHES = 2  # of one seed: the first may be the machine's, the second is the change's
FAULTS = 3  # invalid runs of one seed
LOSSES = 10  # of one seed in a row, before what it runs is suspected of ending its keeper: machines reboot, but not that often


@dataclass(frozen=True, slots=True)
class Ending:
    """Either a run to repeat (counts: as another attempt of its own), or the end of the arm with its reason."""

    reason: str
    event: Event = Event.FAIL
    retry: Run | None = None
    counts: bool = False


def of_arm(candidates: Sequence[Run]) -> Ending | None:
    """What must happen before this arm's values can be read; None when every seed so far has a value."""
    for slot in sorted({run.slot for run in candidates}):
        ending = _of_seed([run for run in candidates if run.slot == slot])
        if ending is not None:
            return ending
    return None


def _of_seed(attempts: list[Run]) -> Ending | None:
    if any(run.state is State.SUCCEEDED for run in attempts):
        return None
    last = attempts[-1]
    refused = next((r for r in attempts if r.state is State.INVALID and r.result.get("valid") is False), None)
    if refused is not None:  # the scorer found the model itself wanting: another run would show the same
        return Ending(refused.reason, Event.INVALIDATE)
    crashed = [r for r in attempts if r.state in (State.FAILED, State.TIMED_OUT)]
    if len(crashed) >= CRASHES:
        return Ending(f"crash: {crashed[-1].reason}")
    faults = [r for r in attempts if r.state is State.INVALID]
    if len(faults) >= FAULTS:
        return Ending(f"{len(faults)} runs of one seed did not count: {faults[-1].reason}", Event.INVALIDATE)
    if len(attempts) >= LOSSES and all(r.state is State.LOST for r in attempts[-LOSSES:]):
        return Ending(f"crash: {LOSSES} runs of one seed in a row were lost: {last.reason}")
    return Ending(last.reason, retry=last, counts=last.state is not State.CANCELLED)


def baseline_is_broken(attempts: Sequence[Run]) -> bool:
    """Whether a baseline seed failed so often since it last succeeded that asking again is pointless."""
    failures = 0
    for run in attempts:
        failures = 0 if run.state is State.SUCCEEDED else failures + (run.state not in (State.CANCELLED, State.LOST))
    return failures >= CRASHES
