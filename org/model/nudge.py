"""A nudge: one short line that tells an agent to look at its mail, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Way(StrEnum):
    """How the line reaches the agent."""

    WAKE = "wake"  # a file that the agent's own hook waits for: no key is pressed
    TYPED = "typed"  # pasted into its pane, then Enter


class State(StrEnum):
    WAITING = "waiting"  # not sent yet: `reason` says what it waits for
    SENT = "sent"  # on its way: typed, or claimed by the hook
    QUEUED = "queued"  # in the program's own queue behind a turn that runs
    DELIVERED = "delivered"  # a hook or the transcript shows it as a prompt
    UNCONFIRMED = "unconfirmed"  # sent, and no sign of it came in time; never sent again by itself
    REFUSED = "refused"  # not sent and not going to be: `reason` says why


OPEN = (State.WAITING, State.SENT, State.QUEUED)


@dataclass(frozen=True, slots=True)
class Nudge:
    """One row of nudges. Its `token` stands in `text`, so that a prompt can be told to be this one."""

    id: int
    agent: str
    text: str
    messages: tuple[str, ...]  # ids of the letters it announces
    way: Way
    state: State
    created_at: datetime
    reason: str = ""
    attempts: int = 0  # how often Enter was pressed for it
    sent_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def token(self) -> str:
        return token(self.id)


def token(id: int) -> str:
    """What a nudge's line carries: `ORG-17`."""
    return f"ORG-{id}"
