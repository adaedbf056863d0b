"""What is known of an agent from outside: from its hooks first, its session files second, its screen last."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from org.model.agent import Cause, State
from org.model.usage import Usage


class Composer(Enum):
    """What the input box of a program shows on its pane's screen."""

    EMPTY = "empty"
    DRAFT = "draft"  # somebody's words stand in it
    DIALOG = "dialog"  # a question is open: a key would answer it
    UNKNOWN = "unknown"  # nothing on the screen is known: nothing may be typed


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something that a conversation took up: what a person typed, or a nudge."""

    at: datetime
    text: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is new since the last look. state is None when nothing tells it.

    queued: texts that the program accepted and has not given to its model yet. usage: without program and dollars.
    """

    state: State | None = None
    cause: Cause = Cause.NONE
    until: datetime | None = None
    reason: str = ""  # one short clause for a person: which tool asks, which error came
    words: str = ""  # its last words
    session: str | None = None
    context: float | None = None
    heard_at: datetime | None = None
    prompts: tuple[Prompt, ...] = ()
    queued: tuple[str, ...] = ()
    usage: tuple[Usage, ...] = ()


NOTHING_NEW = Observation()
