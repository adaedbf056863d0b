"""The agent itself: takes up what a person types, its mail, and what a crash left unfinished, one turn after the other.

While a person has it (the hold file is there) it begins no turn of its own.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from org.agents.api import process
from org.agents.api.asking import Asker
from org.agents.api.conversation import LOST, Item, Prompt, Queued, Result, TurnEnd, answers
from org.agents.api.desk import Desk
from org.agents.api.letters import Letters
from org.agents.api.turn import Turns
from org.agents.offline.pane import Mark
from org.model.agent import Cause, State

LOOK_SECONDS = 1.0  # between looks at mailbox and hold file
OPENING = "ORG-0: your pane has started. Read your letters with `org inbox`, then begin as your role says."
GO_ON = "ORG-0: your program was started again in the middle of a turn; go on where you were."
BACK = "ORG-0: you have your pane back; go on where you were, unless a letter says otherwise."


@dataclass(slots=True)
class Agent:
    """Runs until it is cancelled."""

    desk: Desk
    asker: Asker
    letters: Letters
    hold: Path
    turns: Turns = field(init=False)
    _due: str | None = field(default=None, init=False)  # a prompt of the organization that waits for its time
    _typed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _turn: "asyncio.Task[TurnEnd] | None" = field(default=None, init=False)
    _interrupting: bool = field(default=False, init=False)

    def person(self, text: str) -> None:
        """A person typed this. It is kept at once, and taken up when the present step is over."""
        self.asker.woken.set()
        if text.strip():
            self.desk.take(Queued(f"typed-{uuid4()}", self.desk.clock(), text.strip()))
            self._typed.set()

    def interrupt(self) -> bool:
        """Stop the turn that runs: its stream and its tool. False when none runs."""
        if self._turn is None or self._turn.done() or self._interrupting:
            return False
        self._interrupting = True
        self._turn.cancel()
        return True

    @property
    def working(self) -> bool:
        """Whether a turn runs."""
        return self._turn is not None

    def recover(self, everything: tuple[Item, ...]) -> None:
        """After a start: end what an earlier life left running, give every call a result, write rows a death kept back."""
        self.desk.tally.add(answers(everything))
        told = self.desk.rows.told()
        for prompt in filter(None, map(_said, everything)):
            if prompt.id not in told.prompts:
                self.desk.rows.prompt(prompt)
        for answer in answers(everything):
            if answer.id not in told.calls and answer.tokens.context:
                self.desk.rows.usage(answer)
        for call in self.desk.conversation.open_calls():
            started = self.desk.conversation.group_of(call.id)
            if started is not None:
                process.end_orphans(started.group, started.born)
            self.desk.take(Result(call.id, LOST, failed=True))
        self._due = self._first_word()

    async def run(self) -> None:
        """One turn after the other."""
        self._idle()
        while True:
            prompt = await self._next()
            how = await self._play(prompt)
            if how is TurnEnd.HELD:
                self._due = BACK
            if how is not TurnEnd.FAILED:
                self._idle(Cause.INTERRUPTED if how is TurnEnd.INTERRUPTED else Cause.NONE)

    def news(self) -> Prompt | None:
        """What the organization says between two steps: that mail came. Nothing while a person has the agent."""
        if self.held():
            return None
        told = self.letters.news(self.desk.clock(), idle=False)
        return self._own(told) if told else None

    def held(self) -> bool:
        """Whether a person has the agent."""
        return self.hold.exists()

    async def _play(self, prompt: Prompt) -> TurnEnd:
        """A turn that may be interrupted."""
        self._interrupting = False
        self._turn = asyncio.create_task(self.turns.run(prompt))
        try:
            return await self._turn
        except asyncio.CancelledError:
            if not self._interrupting:  # the whole program is told to end
                self._turn.cancel()
                await asyncio.gather(self._turn, return_exceptions=True)
                raise
            self.turns.interrupted()
            self.desk.face.say(Mark.HOLD, "interrupted")
            return TurnEnd.INTERRUPTED
        finally:
            self._turn = None

    async def _next(self) -> Prompt:
        """What comes first: typed words, then what waits for its time, then mail."""
        while True:
            self._typed.clear()
            if self.desk.conversation.queued:
                typed = self.desk.conversation.queued[0]
                return Prompt(typed.id, typed.at, typed.text)
            if not self.held() and (told := self._word()):
                return self._own(told)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._typed.wait()
            except TimeoutError:
                pass

    def _word(self) -> str | None:
        """The organization's next prompt."""
        mail = self.letters.news(self.desk.clock(), idle=True)
        words = [word for word in (self._due, mail) if word]
        self._due = None
        return "\n".join(words) or None

    def _first_word(self) -> str | None:
        if self.desk.conversation.is_new:
            return OPENING
        match self.desk.conversation.last_end:
            case None:
                return GO_ON
            case TurnEnd.HELD:
                return BACK
            case _:
                return None

    def _own(self, text: str) -> Prompt:
        return Prompt(f"own-{uuid4()}", self.desk.clock(), text, own=True)

    def _idle(self, cause: Cause = Cause.NONE) -> None:
        full = cause is Cause.NONE and self.desk.share >= 0.7
        self.desk.report(State.IDLE, cause=Cause.CONTEXT if full else cause)


def _said(item: Item) -> Prompt | None:
    """The prompt that the office is told of when this item is kept."""
    match item:
        case Queued(id, at, text):
            return Prompt(id, at, text)
        case Prompt(own=True):
            return item
        case _:
            return None
