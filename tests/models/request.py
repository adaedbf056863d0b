"""What a program asked, in one shape for both protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back."""

    call: str  # the id of the call
    text: str
    failed: bool = False


@dataclass(slots=True)
class Request:
    """One recorded request. aborted and answered are filled in when its answer ends.

    agent: what the server's `agent_of` says; by default the program's session id, else its key.
    prompts: every text of the user so far, oldest first. results: tool results after the last answer.
    side: a request without tools, or that forbids their use (a title, a summary), which no script answers.
    """

    number: int
    at: datetime
    protocol: str  # "messages", "responses" or "count_tokens"
    key: str
    session: str
    model: str
    system: str
    prompts: tuple[str, ...]
    results: tuple[Result, ...]
    tools: tuple[str, ...]
    may_call: bool
    side: bool
    streams: bool
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    input_tokens: int  # an estimate
    agent: str = ""
    status: int = 0
    aborted: bool = False  # the program closed the connection before the answer's end
    answered: bool = False
    usage: Mapping[str, int] = field(default_factory=dict)  # what the answer said

    @property
    def prompt(self) -> str:
        """The user's last text."""
        return self.prompts[-1] if self.prompts else ""

    @property
    def everything(self) -> str:
        """System text, prompts and last results in one string, to look for words in."""
        return "\n".join((self.system, *self.prompts, *(result.text for result in self.results)))
