"""A conversation as a list of items, whatever provider speaks it. Pure: no clock, no files.

Guarantees: a result is only ever taken for a call that waits for one, so that what is sent to a provider is valid
whatever the transcript lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

BEGINNING = "ORG-0: the beginning of this conversation was lost."
LOST = "Lost: the program was ended while this ran. It may have had its effect, wholly or in part; look before you do it again."


class Stop(StrEnum):
    """Why an answer ended."""

    END = "end"
    CALLS = "calls"  # it waits for results
    LENGTH = "length"  # cut at the limit of one answer; its calls may be torn and are not made
    DECLINED = "declined"  # the provider's model would not
    INTERRUPTED = "interrupted"  # a person stopped it; it holds what was said until then


class TurnEnd(StrEnum):
    """How a turn ended."""

    DONE = "done"
    INTERRUPTED = "interrupted"
    HELD = "held"  # a person took the agent over: it goes on when it is handed back
    FAILED = "failed"  # the provider refused the request for good


@dataclass(frozen=True, slots=True)
class Prompt:
    """What somebody said to the agent. own: the organization said it. id: unique, for its row in the hooks file."""

    id: str
    at: datetime
    text: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """What a person typed, kept until a Prompt of the same id takes it up."""

    id: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. arguments: JSON, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block of a provider that goes back as it came (its thinking), to the same model only. data: JSON."""

    provider: str
    model: str
    data: str


Block = Text | Call | Opaque


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call took. input: without what was read from or written to the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def context(self) -> int:
        """How much of the window the conversation fills after this answer."""
        return self.input + self.cache_read + self.cache_write + self.output


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said. id: the provider's own of this call. model: as the provider names it."""

    id: str
    at: datetime
    model: str
    blocks: tuple[Block, ...]
    stop: Stop
    tokens: Tokens = Tokens()

    @property
    def text(self) -> str:
        return "\n\n".join(b.text.strip() for b in self.blocks if isinstance(b, Text) and b.text.strip())

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Call))


@dataclass(frozen=True, slots=True)
class Started:
    """A call's process group runs. born: its leader's start, seconds since the epoch, which tells it from a later one."""

    call: str
    group: int
    born: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back for a call."""

    call: str
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """Takes the place of everything before it. recent: the last steps, word for word."""

    text: str
    recent: str
    call: Answer | None = None  # the call that made it, for its tokens


@dataclass(frozen=True, slots=True)
class Ended:
    """A turn is over."""

    how: TurnEnd


Item = Prompt | Queued | Answer | Started | Result | Summary | Ended


@dataclass(slots=True)
class Conversation:
    """items: since the last summary, which comes first if there is one. queued: typed and not taken up yet."""

    session: str
    items: list[Item] = field(default_factory=list)
    queued: list[Queued] = field(default_factory=list)

    def add(self, item: Item) -> bool:
        """Take an item up; False for a result that no call waits for, which is left out."""
        match item:
            case Result(call) if all(call != waiting.id for waiting in self.open_calls()):
                return False
            case Queued():
                self.queued.append(item)
            case Summary():
                self.items = [item]
            case Prompt() | Answer():
                self._mend(item)
                self.items.append(item)
                self.queued = [waiting for waiting in self.queued if waiting.id != item.id]
            case _:
                self.items.append(item)
        return True

    def _mend(self, item: Prompt | Answer) -> None:
        """Fill what a lost line of the transcript left open: a first prompt, results."""
        if isinstance(item, Answer) and not self.items:
            self.items.append(Prompt("beginning", item.at, BEGINNING, own=True))
        self.items += [Result(call.id, LOST, failed=True) for call in self.open_calls()]

    def open_calls(self) -> list[Call]:
        """The calls of the last answer that have no result yet."""
        done: set[str] = set()
        for item in reversed(self.items):
            if isinstance(item, Result):
                done.add(item.call)
            elif isinstance(item, Answer):
                return [call for call in item.calls if call.id not in done]
        return []

    def group_of(self, call: str) -> Started | None:
        """The process group that was started for a call."""
        return next((i for i in self.items if isinstance(i, Started) and i.call == call), None)

    @property
    def last_end(self) -> TurnEnd | None:
        """How the last turn ended; None while it is not over (or none was begun)."""
        last = next((i for i in reversed(self.items) if isinstance(i, Ended | Prompt | Answer | Result)), None)
        return last.how if isinstance(last, Ended) else None

    @property
    def is_new(self) -> bool:
        """Nothing was said yet."""
        return not self.items

    @property
    def context(self) -> int:
        """Tokens in the window after the last answer; 0 when nothing was said since a summary."""
        answers = (i for i in reversed(self.items) if isinstance(i, Answer) and i.tokens.context)
        return next((a.tokens.context for a in answers), 0)


def answers(items: Iterable[Item]) -> list[Answer]:
    """Every model call that the items tell of."""
    said = (i.call if isinstance(i, Summary) else i for i in items)
    return [i for i in said if isinstance(i, Answer)]
