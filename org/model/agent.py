"""An agent: an instance of a role on a backend, with its state and, independently of it, who controls it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from org.model import machine


class State(StrEnum):
    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"  # for what `cause` says
    STALLED = "stalled"  # alive, but silent for too long
    CRASHED = "crashed"  # its process died; it is started again
    PAUSED = "paused"  # by a person, by a limit, or after too many deaths
    STOPPED = "stopped"


class Cause(StrEnum):
    """Why an agent waits, or how its last turn ended. NONE: nothing to say."""

    NONE = ""
    PERMISSION = "permission"  # a dialog asks whether a tool may run
    PERSON = "person"  # a dialog or a question that only a person can answer
    RATE_LIMIT = "rate limit"  # until `until`, when the provider said it
    LOGIN = "login"  # logged out, or the key is refused
    API_ERROR = "api error"  # the provider answers with errors
    INTERRUPTED = "interrupted"  # somebody stopped its turn; it is idle
    CONTEXT = "context nearly full"
    UNKNOWN = "unknown screen"  # alive, and nothing tells what it shows: nothing is typed


OF_A_PERSON = frozenset({Cause.LOGIN, Cause.PERMISSION, Cause.PERSON, Cause.UNKNOWN})  # what only a person can settle


class Control(StrEnum):
    AGENT = "agent"
    REQUESTED = "requested"  # a person asked; the agent finishes its sentence
    HUMAN = "human"  # nudges, mail and proposals are held


class ControlEvent(StrEnum):
    REQUEST = "request"
    TAKE = "take"
    HAND_BACK = "hand_back"


CONTROL_RULES: dict[tuple[Control, ControlEvent], Control] = {
    (Control.AGENT, ControlEvent.REQUEST): Control.REQUESTED,
    (Control.AGENT, ControlEvent.TAKE): Control.HUMAN,
    (Control.REQUESTED, ControlEvent.TAKE): Control.HUMAN,
    (Control.REQUESTED, ControlEvent.HAND_BACK): Control.AGENT,
    (Control.HUMAN, ControlEvent.HAND_BACK): Control.AGENT,
}


@dataclass(frozen=True, slots=True)
class Agent:
    """One row of agents. program is what it is assigned to; device is its preference."""

    name: str
    role: str
    backend: str
    state: State
    control: Control
    state_since: datetime
    control_since: datetime
    program: str | None = None
    device: str | None = None
    branch: str | None = None
    branch_base: str | None = None  # the head that its present branch started from
    controlled_by: str | None = None
    control_note: str = ""
    control_commit: str | None = None  # the worktree's commit at takeover
    last_words: str = ""
    deaths: int = 0
    died_at: datetime | None = None
    reason: str = ""
    cause: Cause = Cause.NONE
    until: datetime | None = None  # a rate limit's end
    session: str | None = None  # the conversation's id, as its program calls it
    context: float | None = None  # share of the model's window in use, 0 to 1
    heard_at: datetime | None = None  # its last sign of life
    prompted_at: datetime | None = None  # its newest prompt that was looked at


def advance_control(control: Control, event: ControlEvent, subject: str) -> Control:
    """Who controls the agent after event; IllegalMove otherwise."""
    return machine.advance(CONTROL_RULES, control, event, subject)
