"""What every part of the agent shares: the conversation with its transcript, the rows for the office, the face.

`take` is the only way that something becomes part of the conversation: it is on disk before anything follows from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from org.agents.api.conversation import Answer, Conversation, Item, Prompt, Queued, Result, Summary
from org.agents.api.model import sendable
from org.agents.api.rows import Rows, Status
from org.agents.api.tally import Tally
from org.agents.api.transcript import Transcript
from org.agents.offline.pane import Mark
from org.model.agent import Cause, State
from org.store import secrets


class Face(Protocol):
    """What shows the agent to a person."""

    def say(self, mark: Mark, text: str) -> None:
        """A paragraph that stays."""

    def partial(self, text: str) -> None:
        """More of what is just being said or put out; "" when it is over."""

    def changed(self) -> None:
        """The status is another one."""


@dataclass(slots=True)
class Desk:
    """window: tokens that the conversation may fill."""

    conversation: Conversation
    transcript: Transcript
    rows: Rows
    face: Face
    tally: Tally
    clock: Callable[[], datetime]
    window: int
    status: Status = field(default_factory=lambda: Status(State.STARTING))

    def take(self, item: Item) -> None:
        """Keep an item: on disk, in the conversation, and for the office what it has to know of it."""
        if isinstance(item, Result | Prompt | Queued):
            item = replace(item, text=sendable(secrets.conceal(item.text)))
        self.transcript.append(item)
        self.conversation.add(item)
        match item:
            case Prompt(own=True):
                self.rows.prompt(item)
            case Queued(id, at, text):
                self.rows.prompt(Prompt(id, at, text))
            case Answer() | Summary(call=Answer()):
                self._count(item.call if isinstance(item, Summary) else item)

    @property
    def share(self) -> float:
        """How much of the window is in use."""
        return min(self.conversation.context / self.window, 1.0)

    def report(
        self, state: State, words: str = "", cause: Cause = Cause.NONE, until: datetime | None = None, reason: str = ""
    ) -> None:
        """Say a new status; the same one again is a sign of life."""
        self.status = Status(state, words or self.status.words, cause, until, reason, self.share)
        self.rows.status(self.clock(), self.status)
        self.face.changed()

    def beat(self) -> None:
        """A sign of life."""
        self.rows.status(self.clock(), self.status)

    def _count(self, answer: Answer | None) -> None:
        if answer is not None and answer.tokens.context:
            self.tally.add((answer,))
            self.rows.usage(answer)
            self.face.changed()
