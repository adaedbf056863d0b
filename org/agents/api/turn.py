"""A turn: from a prompt to the answer that calls no more tools. Every step is on disk before the next begins."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from org.agents.api import quoting, summary
from org.agents.api.asking import Asker
from org.agents.api.conversation import Answer, Call, Ended, Prompt, Result, Stop, Summary, TurnEnd
from org.agents.api.desk import Desk
from org.agents.api.model import Ask, Tool, read_object
from org.agents.api.toolbox import TOOLS, Toolbox
from org.agents.api.trouble import Refused, TooLong
from org.agents.offline.pane import Mark
from org.model.agent import Cause, State

BEAT_SECONDS = 15.0  # between signs of life while a turn runs
CUTS = 3  # answers in a row that were cut at their limit and are continued
SHOWN_LINES = 3  # of a tool's output, in the pane
INTERRUPTED = "A person interrupted this before it ended; what it did until then stays done."
NOT_MADE = "Not made: your answer was cut at the limit of one answer. Do it in smaller steps."


@dataclass(slots=True)
class Turns:
    """role: the system text, read anew for every call. news: what the organization says between two steps, if anything.

    stopped: whether a turn that the organization began has to stop after its step.
    """

    desk: Desk
    asker: Asker
    toolbox: Toolbox
    role: Callable[[], str]
    news: Callable[[], Prompt | None]
    stopped: Callable[[], bool]

    async def run(self, prompt: Prompt) -> TurnEnd:
        """One turn to its end; cancelling it interrupts it, then `interrupted` makes it whole."""
        beating = asyncio.create_task(self._beat())
        try:
            self.take(prompt)
            return await self._steps(own=prompt.own)
        except Refused as error:
            self.desk.face.say(Mark.BAD, f"the provider refuses the request: {error}")
            self.desk.report(State.WAITING, cause=Cause.API_ERROR, reason=str(error))
            self.desk.take(Ended(TurnEnd.FAILED))
            return TurnEnd.FAILED
        finally:
            beating.cancel()
            self.desk.face.partial("")

    def interrupted(self) -> None:
        """Make the conversation whole after a turn was cancelled: what was said stays, every call gets a result."""
        left = self.asker.cut()
        if left is not None and (left.text or left.tokens.context):
            self.desk.take(left)
        for call in self.desk.conversation.open_calls():
            self.desk.take(Result(call.id, INTERRUPTED, failed=True))
        self.desk.take(Ended(TurnEnd.INTERRUPTED))

    def take(self, prompt: Prompt) -> None:
        """A prompt becomes part of the conversation."""
        self.desk.take(prompt)
        self.desk.face.say(Mark.MAIL if prompt.own else Mark.TYPED, prompt.text)

    async def _steps(self, own: bool) -> TurnEnd:
        cuts = 0
        while True:
            answer = await self._answer()
            for call in answer.calls:
                await self._do(call, answer.stop)
            cuts = cuts + 1 if answer.stop is Stop.LENGTH else 0
            typed = self._queued()
            own = own and not typed
            if answer.calls and own and self.stopped():
                return self._end(TurnEnd.HELD)
            more = typed or (bool(answer.calls) and self._news())
            if not answer.calls and 0 < cuts <= CUTS:
                self.take(self._own("ORG-0: your answer was cut at the limit of one answer; go on behind it."))
            elif not answer.calls and not more:
                return self._end(TurnEnd.DONE)

    async def _answer(self) -> Answer:
        """The next answer, after a summary where the window is nearly full."""
        if self.desk.share >= summary.FULL and len(self.desk.conversation.items) > summary.FEWEST:
            await self._compact()
        try:
            answer = await self.asker.ask(self._ask())
        except TooLong:
            await self._compact(fits=False)
            answer = await self._ask_once_more()
        self.asker.heard = None
        self.desk.take(answer)
        self.desk.face.partial("")
        self._show(answer)
        self.desk.report(State.WORKING, answer.text)
        return answer

    async def _ask_once_more(self) -> Answer:
        try:
            return await self.asker.ask(self._ask())
        except TooLong as error:
            raise Refused(f"{error}; even its summary does not fit: give a smaller `--window` in args") from error

    def _ask(self, tools: tuple[Tool, ...] = TOOLS) -> Ask:
        return Ask(self.role(), tuple(self.desk.conversation.items), tools, self.desk.conversation.session)

    async def _compact(self, fits: bool = True) -> None:
        """Put a summary in the place of the conversation. fits: whether all of it can be read once more for that."""
        items = self.desk.conversation.items
        self.desk.face.say(Mark.HOLD, f"the window is {100 * self.desk.share:.0f} % full: the conversation is summarized")
        self.desk.report(State.WORKING, "summarizing the conversation", cause=Cause.CONTEXT)
        order = self._own(summary.ORDER)
        whole = (*items, order)
        short = (self._own(f"{summary.shortened(items, self.desk.window)}\n\n{summary.ORDER}"),)
        session = self.desk.conversation.session
        try:
            said = await self.asker.ask(Ask(self.role(), whole if fits else short, TOOLS, session, may_call=False))
        except TooLong:
            said = await self.asker.ask(Ask(self.role(), short, TOOLS, session, may_call=False))
        except asyncio.CancelledError:
            self.asker.spill()
            raise
        self.asker.heard = None
        text = said.text or "(no summary came; look at your files, commits and letters)"
        self.desk.take(Summary(text, summary.recent(items), said))
        self.desk.report(State.WORKING)

    async def _do(self, call: Call, stop: Stop) -> None:
        """Run one call and keep its result."""
        if stop is Stop.LENGTH:
            self.desk.take(Result(call.id, NOT_MADE, failed=True))
            return
        told = shown(call)
        self.desk.face.say(Mark.RUN, told)
        self.desk.report(State.WORKING, told)
        result = await self.toolbox.run(call)
        self.desk.take(result)
        self.desk.face.partial("")
        self.desk.face.say(Mark.BAD if result.failed else Mark.PLAIN, excerpt(result))

    def _queued(self) -> bool:
        """Take up what a person typed meanwhile."""
        waiting = list(self.desk.conversation.queued)
        for typed in waiting:
            self.take(Prompt(typed.id, typed.at, typed.text))
        return bool(waiting)

    def _news(self) -> bool:
        told = self.news()
        if told is not None:
            self.take(told)
        return told is not None

    def _own(self, text: str) -> Prompt:
        at = self.desk.clock()
        return Prompt(f"own-{at.timestamp():.6f}", at, text, own=True)

    def _end(self, how: TurnEnd) -> TurnEnd:
        self.desk.take(Ended(how))
        return how

    def _show(self, answer: Answer) -> None:
        if answer.text:
            self.desk.face.say(Mark.THINK, answer.text)
        if answer.stop is Stop.DECLINED:
            self.desk.face.say(Mark.BAD, "the model declined to answer this")

    async def _beat(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                self.desk.beat()


def shown(call: Call) -> str:
    """A call in one line: `bash  git status`."""
    given = read_object(call.arguments) or {}
    told = given.get("command") or given.get("path") or given.get("pattern") or given.get("arguments") or ""
    return f"{call.name}  {quoting.line(' '.join(told) if isinstance(told, list) else str(told), 160)}"


def excerpt(result: Result) -> str:
    """Some lines of a result without its marks: the first, or the last where something failed."""
    rows = [row for row in result.text.splitlines() if row.strip() and not row.startswith(("<data ", "</data>"))]
    left = len(rows) - SHOWN_LINES
    shown = [quoting.line(row, 200) for row in (rows[-SHOWN_LINES:] if result.failed else rows[:SHOWN_LINES])]
    if left > 0:
        shown.insert(0 if result.failed else SHOWN_LINES, f"… {left} more lines")
    return "\n".join(shown) or "(nothing)"
