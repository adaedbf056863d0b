"""One thing that the program did, whichever source tells it."""

from dataclasses import dataclass
from datetime import datetime

from org.model.agent import Cause, State
from org.model.usage import Usage


@dataclass(frozen=True, slots=True)
class Step:
    """What is None or empty was not told. prompt: what a person or the organization said; turn: the turn it belongs to.

    context: share of the model's window in use. until: a limit's end.
    """

    at: datetime
    session: str
    state: State | None = None
    cause: Cause = Cause.NONE
    until: datetime | None = None
    reason: str = ""
    words: str = ""
    prompt: str | None = None
    turn: str = ""
    usage: Usage | None = None
    context: float | None = None
