"""Every prompt once, from two sources: the transcript, which tells who made it and whether it waits, and the hook, which is
documented. What the hook told and the transcript does not show in time counts too, so that a new transcript format costs
seconds and not prompts.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from org.agents.claude import transcript
from org.agents.claude.hookrows import Row
from org.agents.claude.transcript import Dropped, Event, Queued, Taken
from org.agents.observation import Prompt

SHOWN_IN = timedelta(seconds=3)
TICK = timedelta(milliseconds=1)  # the ledger tells prompts apart by their times
COMPARED = 400  # characters: a hook's text is cut


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    text: str
    counts: bool


@dataclass(slots=True)
class Prompts:
    """Puts both together. Times grow from look to look: what is told late is told as of then."""

    awaited: list[_Told] = field(default_factory=list)  # by the hook, not yet seen in the transcript
    ahead: deque[str] = field(default_factory=lambda: deque(maxlen=200))  # in the transcript, not yet told by the hook
    made_up: deque[str] = field(default_factory=lambda: deque(maxlen=200))  # told on the hook's word alone
    waiting: list[str] = field(default_factory=list)  # behind a turn
    last: datetime | None = None

    def take(self, rows: Iterable[Row], events: Iterable[Event], now: datetime) -> tuple[tuple[Prompt, ...], tuple[str, ...]]:
        """(taken up, now waiting behind a turn) since the last time. rows, events: what is new, in order."""
        found, queued = [], []
        for event in events:
            match event:
                case Taken(at, text, counts):
                    known = self._leaves_queue(text) or self._was_made_up(text) or self._expect(text)
                    if counts and known != "made up":
                        found.append(Prompt(at, text))
                case Queued(_, text):
                    self._expect(text)
                    self.waiting.append(_key(text))
                    queued.append(text)
                case Dropped(text):
                    self._leaves_queue(text)
        for row in rows:
            if row.name == "UserPromptSubmit":
                self._hear(row)
        found += self._overdue(now)
        return self._in_order(found), tuple(text for text in queued if _key(text) in self.waiting)

    def _hear(self, row: Row) -> None:
        text = row.text("prompt")
        plain = transcript.plain(text)
        if _key(plain) in self.ahead:
            self.ahead.remove(_key(plain))
        else:
            kind = row.text("source") or None
            self.awaited.append(_Told(row.at, plain, transcript.counts(text, plain, kind)))

    def _expect(self, text: str) -> str:
        """The transcript tells it: the hook has done so already, or will."""
        for told in self.awaited:
            if _key(told.text) == _key(text):
                self.awaited.remove(told)
                return "heard"
        self.ahead.append(_key(text))
        return "ahead"

    def _leaves_queue(self, text: str) -> str:
        if _key(text) not in self.waiting:
            return ""
        self.waiting.remove(_key(text))
        return "queued"

    def _was_made_up(self, text: str) -> str:
        if _key(text) not in self.made_up:
            return ""
        self.made_up.remove(_key(text))
        return "made up"

    def _overdue(self, now: datetime) -> list[Prompt]:
        late = [told for told in self.awaited if now - told.at > SHOWN_IN]
        self.awaited = [told for told in self.awaited if now - told.at <= SHOWN_IN]
        self.made_up.extend(_key(told.text) for told in late)
        return [Prompt(told.at, told.text) for told in late if told.counts]

    def _in_order(self, found: list[Prompt]) -> tuple[Prompt, ...]:
        told = []
        for prompt in sorted(found, key=lambda one: one.at):
            at = prompt.at if self.last is None or prompt.at > self.last else self.last + TICK
            self.last = at
            told.append(Prompt(at, prompt.text))
        return tuple(told)


def _key(text: str) -> str:
    return " ".join(text.split())[:COMPARED]
