"""What the agent asks a model for, and what a provider has to be able to do. The two providers stand in messages.py and
responses.py, each the one door to its SDK."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from org.agents.api.conversation import Answer, Item, Tokens
from org.agents.api.trouble import Refused


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as a model sees it. parameters: a JSON schema of an object."""

    name: str
    about: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. may_call: whether the answer may hold tool calls."""

    system: str
    items: Sequence[Item]
    tools: Sequence[Tool]
    session: str
    may_call: bool = True


@dataclass(slots=True)
class Heard:
    """What came so far of an answer: what stays of it when it is cut off."""

    on_text: Callable[[str], None] = lambda piece: None
    id: str = ""
    model: str = ""
    text: list[str] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)

    def say(self, piece: str) -> None:
        """A piece of text came."""
        self.text.append(piece)
        self.on_text(piece)


@dataclass(slots=True)
class Extras:
    """What a compatible server may not know is asked for until one refuses it."""

    wanted: bool = True

    async def answer(self, once: Callable[[bool], Awaitable[Answer]]) -> Answer:
        """One answer. A request that is refused is tried once more without the extras. once: asks, with them or without."""
        try:
            return await once(self.wanted)
        except Refused:
            if not self.wanted:
                raise
            answer = await once(False)
            self.wanted = False
            return answer


class Model(Protocol):
    """A provider's model. Raises the troubles of trouble.py; cancelling the call closes its connection."""

    @property
    def provider(self) -> str: ...

    @property
    def name(self) -> str: ...

    async def answer(self, ask: Ask, heard: Heard) -> Answer:
        """One answer, streamed into heard."""

    async def close(self) -> None:
        """Give its connections back."""


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text; None when it holds something else or nothing whole."""
    try:
        value = json.loads(text or "{}")
        value = json.loads(sendable(json.dumps(value, ensure_ascii=False)))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def sendable(text: str) -> str:
    """Text that can be sent: half characters (of a broken paste, of a model) are replaced, or no request could be made."""
    return text.encode("utf-8", "replace").decode()
