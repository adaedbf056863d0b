"""An experiment: hypothesis, claim and a commit range base..tip whose tree is judged against its base."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from org.model import machine


class Claim(StrEnum):
    IMPROVE = "improve"  # the metric gets better
    SIMPLIFY = "simplify"  # the metric does not get worse by more than the margin


class State(StrEnum):
    PROPOSED = "proposed"  # a verb wrote it; nobody has looked yet
    APPROVED = "approved"  # may spend runs
    REFUSED = "refused"  # review said no
    WITHDRAWN = "withdrawn"  # its author took it back
    VETOED = "vetoed"  # a person said no
    SCREENING = "screening"  # a short run decides whether it races
    RACING = "racing"  # full runs against the pool of its base
    BETTER = "better"  # the race kept it
    DISCARDED = "discarded"  # the race dropped it
    PARKED = "parked"  # undecided at the last allowed run; may be continued
    INVALID = "invalid"  # its runs do not measure what they claim
    FAILED = "failed"  # it crashes, or its metric is not a number
    CANCELLED = "cancelled"  # stopped while racing
    QUEUED = "queued"  # waits for, or is in, the merge
    MERGED = "merged"  # in its program's head
    NOT_MERGED = "not_merged"  # kept, but policy or the re-check said no
    CONFLICT = "conflict"  # does not merge with the moved head; back to the author
    REOPENED = "reopened"  # decided once, doubted since
    CONFIRMED = "confirmed"  # held at its rung
    FAILED_TRANSFER = "failed_transfer"  # did not hold at its rung
    CERTIFIED = "certified"  # may be claimed
    UNCERTIFIED = "uncertified"  # stays merged, is not claimed
    REVERTED = "reverted"  # taken out of the head again


class Event(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    VETO = "veto"
    SCREEN = "screen"
    RACE = "race"
    KEEP = "keep"
    DISCARD = "discard"
    PARK = "park"
    INVALIDATE = "invalidate"
    FAIL = "fail"
    CANCEL = "cancel"
    ENQUEUE = "enqueue"
    MERGE = "merge"
    DECLINE = "decline"
    CONFLICT = "conflict"
    REOPEN = "reopen"
    CONFIRM = "confirm"
    FAIL_TRANSFER = "fail_transfer"
    CERTIFY = "certify"
    UNCERTIFY = "uncertify"
    REVERT = "revert"


_S, _E = State, Event
RULES: dict[tuple[State, Event], State] = {
    (_S.PROPOSED, _E.APPROVE): _S.APPROVED,
    (_S.PROPOSED, _E.REFUSE): _S.REFUSED,
    (_S.APPROVED, _E.SCREEN): _S.SCREENING,
    (_S.APPROVED, _E.RACE): _S.RACING,
    (_S.SCREENING, _E.RACE): _S.RACING,
    (_S.SCREENING, _E.DISCARD): _S.DISCARDED,
    (_S.SCREENING, _E.INVALIDATE): _S.INVALID,
    (_S.SCREENING, _E.FAIL): _S.FAILED,
    (_S.RACING, _E.KEEP): _S.BETTER,
    (_S.RACING, _E.DISCARD): _S.DISCARDED,
    (_S.RACING, _E.PARK): _S.PARKED,
    (_S.RACING, _E.INVALIDATE): _S.INVALID,
    (_S.RACING, _E.FAIL): _S.FAILED,
    (_S.PARKED, _E.RACE): _S.RACING,
    (_S.BETTER, _E.ENQUEUE): _S.QUEUED,
    (_S.QUEUED, _E.MERGE): _S.MERGED,
    (_S.QUEUED, _E.DECLINE): _S.NOT_MERGED,
    (_S.QUEUED, _E.CONFLICT): _S.CONFLICT,
    (_S.REOPENED, _E.SCREEN): _S.SCREENING,
    (_S.REOPENED, _E.RACE): _S.RACING,
    (_S.MERGED, _E.CONFIRM): _S.CONFIRMED,
    (_S.MERGED, _E.FAIL_TRANSFER): _S.FAILED_TRANSFER,
    (_S.MERGED, _E.CERTIFY): _S.CERTIFIED,
    (_S.MERGED, _E.UNCERTIFY): _S.UNCERTIFIED,
    (_S.CONFIRMED, _E.CERTIFY): _S.CERTIFIED,
    (_S.CONFIRMED, _E.UNCERTIFY): _S.UNCERTIFIED,
    (_S.CONFIRMED, _E.FAIL_TRANSFER): _S.FAILED_TRANSFER,  # it held in the middle of the ladder and not at its top
    (_S.CERTIFIED, _E.FAIL_TRANSFER): _S.FAILED_TRANSFER,
    (_S.UNCERTIFIED, _E.FAIL_TRANSFER): _S.FAILED_TRANSFER,
    (_S.FAILED_TRANSFER, _E.CONFIRM): _S.CONFIRMED,  # a person sent it higher all the same
}
OPEN = frozenset({_S.PROPOSED, _S.APPROVED, _S.SCREENING, _S.RACING, _S.BETTER, _S.QUEUED, _S.REOPENED})
NO_VERDICT = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.CANCELLED})  # ended unjudged: the same change may be proposed again
for _open in OPEN - {_S.REOPENED}:
    RULES[_open, _E.VETO] = _S.VETOED
    RULES[_open, _E.CANCEL] = _S.CANCELLED
    RULES[_open, _E.WITHDRAW] = _S.WITHDRAWN
DECIDED = frozenset(
    {_S.DISCARDED, _S.PARKED, _S.INVALID, _S.FAILED, _S.MERGED, _S.NOT_MERGED, _S.CONFIRMED, _S.FAILED_TRANSFER,
     _S.CERTIFIED, _S.UNCERTIFIED}
)  # fmt: skip
for _decided in DECIDED:
    RULES[_decided, _E.REOPEN] = _S.REOPENED
RULES[_S.QUEUED, _E.REOPEN] = _S.REOPENED  # kept, and not merged yet
# What was merged may be doubted, and its second race stopped, when it is taken out.
for _left in DECIDED | {_S.REOPENED, _S.SCREENING, _S.RACING, _S.CANCELLED, _S.VETOED, _S.WITHDRAWN}:
    RULES[_left, _E.REVERT] = _S.REVERTED
IN_HEAD = frozenset({_S.MERGED, _S.CONFIRMED, _S.FAILED_TRANSFER, _S.CERTIFIED, _S.UNCERTIFIED})
# A race that ended; what a program's stop rule and "ten verdicts" count.
VERDICTS = (
    frozenset({_S.BETTER, _S.DISCARDED, _S.PARKED, _S.INVALID, _S.FAILED, _S.QUEUED, _S.NOT_MERGED, _S.CONFLICT, _S.REVERTED})
    | IN_HEAD
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One proposal. gain is positive when the candidate is better, in metric units, shrunk towards zero."""

    id: str
    program: str
    author: str
    state: State
    claim: Claim
    margin: float
    subject: str  # one line: what is changed
    because: str  # the hypothesis
    predict: str  # the author's expectation in words
    base_commit: str
    tip_commit: str
    base_tree: str  # the base as it is run
    run_tree: str  # the candidate as it is run
    created_at: datetime
    predicted_gain: float | None = None
    branch: str = ""
    idea: int | None = None
    pool: int | None = None
    merge_tree: str | None = None  # the rebased tree under re-check, when the head had moved
    merge_onto: str | None = None  # the head that merge_tree was made on
    merged_commit: str | None = None
    reason: str = ""
    decision: dict[str, Any] = field(default_factory=dict)
    gain: float | None = None
    lines_added: int = 0
    lines_removed: int = 0
    decided_at: datetime | None = None
    label: str = ""  # what explains the verdict at equal compute: algorithm, systems, explained by compute …
    label_detail: dict[str, Any] = field(default_factory=dict)
    screen: dict[str, Any] = field(default_factory=dict)  # what the short run said, if there was one
    screen_pool: int | None = None
    extra_runs: int = 0  # granted beyond the race's last look
    parts: dict[str, Any] = field(default_factory=dict)  # name → pathspecs, as its author marked them

    @property
    def measured_gain(self) -> float | None:
        """Mean of the base less mean of the candidate, better positive; exactly 0 for a bit-identical candidate, whose
        distance to the mean of a pool is only the luck of its seeds."""
        gain = self.decision.get("gain")
        if not self.decision.get("candidate_runs") or not isinstance(gain, int | float):
            return None
        return 0.0 if self.decision.get("cause") == "no_effect" else float(gain)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def advance(state: State, event: Event, subject: str) -> State:
    """The state after event; IllegalMove otherwise."""
    return machine.advance(RULES, state, event, subject)
