"""What becomes of an experiment, as plots tell it: a colour and a shape each, so that colour is never the only signal."""

from dataclasses import dataclass
from enum import StrEnum

from org.model.experiment import State


class Shape(StrEnum):
    """How a dot is drawn."""

    STAR = "star"
    DISC = "disc"
    RING = "ring"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    CROSS = "cross"
    BAR = "bar"


@dataclass(frozen=True, slots=True)
class Kind:
    """symbol: one cell of a terminal. colour: a field of Theme. rank: what lies on top of what."""

    words: str
    symbol: str
    shape: Shape
    colour: str
    rank: int


CERTIFIED = Kind("certified", "★", Shape.STAR, "certified", 7)
MERGED = Kind("merged", "●", Shape.DISC, "merged", 6)
BETTER = Kind("better, not merged", "△", Shape.TRIANGLE, "better", 5)
PARKED = Kind("cannot tell yet", "◇", Shape.DIAMOND, "parked", 4)
REVERTED = Kind("taken out again", "○", Shape.RING, "bad", 3)
FAILED = Kind("failed", "!", Shape.BAR, "bad", 2)
DISCARDED = Kind("discarded", "×", Shape.CROSS, "discarded", 1)
KINDS = (CERTIFIED, MERGED, BETTER, PARKED, DISCARDED, REVERTED, FAILED)  # as legends list them

_OF = {
    State.CERTIFIED: CERTIFIED,
    State.MERGED: MERGED, State.CONFIRMED: MERGED, State.UNCERTIFIED: MERGED, State.FAILED_TRANSFER: MERGED,
    State.BETTER: BETTER, State.QUEUED: BETTER, State.NOT_MERGED: BETTER, State.CONFLICT: BETTER,
    State.PARKED: PARKED,
    State.REVERTED: REVERTED,
    State.FAILED: FAILED, State.INVALID: FAILED,
}  # fmt: skip


def of(state: State) -> Kind:
    """Of an experiment with a verdict."""
    return _OF.get(state, DISCARDED)
