"""An agent: an instance of a role on a backend, with its state and, independently of it, who controls it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from org.model import machine


class State(StrEnum):
    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"  # for a permission, a rate limit, a person
    STALLED = "stalled"  # alive, but silent for too long
    CRASHED = "crashed"  # its process died; it is started again
    PAUSED = "paused"  # by a person, or after too many deaths
    STOPPED = "stopped"


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


def advance_control(control: Control, event: ControlEvent, subject: str) -> Control:
    """Who controls the agent after event; IllegalMove otherwise."""
    return machine.advance(CONTROL_RULES, control, event, subject)
