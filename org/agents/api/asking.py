"""One answer of the model, however long it takes to get it: the allowance is asked before every try, limits and
failures of the provider are waited for. A key of the person ends a wait; cancelling ends everything."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from org.agents.api.conversation import Answer, Stop, Text
from org.agents.api.desk import Desk
from org.agents.api.model import Ask, Heard, Model
from org.agents.api.trouble import Passing, wait_seconds
from org.agents.offline.pane import Mark
from org.model.agent import Cause, State
from org.model.errors import OrgError
from org.store import atomic

ALLOWANCE_SECONDS = 2.0  # between looks at an allowance that is spent


def allowance(path: Path) -> str | None:
    """The default hook: a file {"stop": reason} forbids further calls. A file that cannot be read forbids them too."""
    try:
        stop = atomic.read_json(path).get("stop")
    except FileNotFoundError:
        return None
    except (OrgError, OSError) as error:
        return f"{path.name} cannot be read: {error}"
    return str(stop) if stop else None


@dataclass(slots=True)
class Asker:
    """may_call: None, or why no call may be made now."""

    desk: Desk
    model: Model
    may_call: Callable[[], str | None]
    chance: Random
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    heard: Heard | None = None  # of the answer that is just coming

    async def ask(self, asked: Ask) -> Answer:
        """The answer. Raises TooLong and Refused: those another try would not change."""
        attempt = 0
        while True:
            self.heard = None
            await self._allowed()
            self.desk.report(State.WORKING, reason="")
            self.heard = Heard(self.desk.face.partial)
            try:
                return await self.model.answer(asked, self.heard)
            except Passing as trouble:
                attempt += 1
                self.spill()
                await self._wait(trouble, attempt)
            finally:
                self.desk.face.partial("")

    def cut(self) -> Answer | None:
        """What a cancelled answer leaves: its text until then. None when nothing came."""
        heard, self.heard = self.heard, None
        if heard is None or not heard.id:
            return None
        blocks = (Text("".join(heard.text)),) if heard.text else ()
        return Answer(heard.id, self.desk.clock(), heard.model, blocks, Stop.INTERRUPTED, heard.tokens)

    def spill(self) -> None:
        """A stream that broke is not part of the conversation, but what it took counts."""
        left = self.cut()
        if left is not None and left.tokens.context:
            self.desk.take(replace(left, blocks=()))

    async def _wait(self, trouble: Passing, attempt: int) -> None:
        seconds = wait_seconds(trouble, attempt, self.chance)
        until = self.desk.clock() + timedelta(seconds=seconds)
        again = f"again at {until.astimezone():%H:%M:%S}; Enter tries now"
        self.desk.face.say(Mark.BAD, f"{trouble.cause.value}: {trouble} ({again})")
        self.desk.report(State.WAITING, cause=trouble.cause, until=until, reason=f"{trouble.cause.value}: {trouble}")
        await self._sleep(seconds)

    async def _allowed(self) -> None:
        why = self.may_call()
        told = None
        while why is not None:
            if why != told:
                self.desk.face.say(Mark.HOLD, f"no call is made: {why}")
                self.desk.report(State.WAITING, cause=Cause.NONE, reason=why)
                told = why
            await self._sleep(ALLOWANCE_SECONDS)
            why = self.may_call()

    async def _sleep(self, seconds: float) -> None:
        self.woken.clear()
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            pass
