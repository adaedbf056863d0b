"""What the scripted model answers to one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call, as the program's tool is named."""

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell command, under whatever name the asking program has such a tool."""

    command: str
    seconds: float | None = None  # the deadline asked for, where the tool has one

    def as_call(self, tools: tuple[str, ...]) -> Call:
        """The call for a request that offers these tools; LookupError when none of them is a shell."""
        if "Bash" in tools:  # Claude Code
            limit = {} if self.seconds is None else {"timeout": int(self.seconds * 1000)}
            return Call("Bash", {"command": self.command, "description": "a step of the script", **limit})
        if "bash" in tools:  # our own agent
            limit = {} if self.seconds is None else {"seconds": self.seconds}
            return Call("bash", {"command": self.command, **limit})
        if "exec_command" in tools:  # Codex
            limit = {} if self.seconds is None else {"yield_time_ms": int(self.seconds * 1000)}
            return Call("exec_command", {"cmd": self.command, **limit})
        if "shell_command" in tools:
            return Call("shell_command", {"command": self.command})
        if "shell" in tools:
            return Call("shell", {"command": ["bash", "-lc", self.command]})
        raise LookupError(f"the request offers no shell: {', '.join(tools)}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer. status other than 200: an error of type `error`, with `headers`.

    wait: seconds of silence before the first byte. seconds: how long the text takes to stream, in pieces.
    cut: the connection closes in the middle of the stream. break_with: an error of that type in the middle of the stream.
    tokens that are None are estimated from the length of what was asked and answered.
    """

    text: str = ""
    calls: tuple[Call | Shell, ...] = ()
    thinking: str = ""  # comes first, signed (Messages) or encrypted (Responses)
    status: int = 200
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    seconds: float = 0.0
    cut: bool = False
    break_with: str = ""
    stop: str = ""  # a stop reason of the Messages protocol in place of the natural one
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


def say(text: str, **more: Any) -> Turn:
    """Text, and the end of the turn."""
    return Turn(text=text, **more)


def call(name: str, **input: Any) -> Turn:
    """One tool call by its name."""
    return Turn(calls=(Call(name, input),))


def shell(*commands: str, text: str = "", **more: Any) -> Turn:
    """Shell commands, one call each, whichever program asks."""
    return Turn(text=text, calls=tuple(Shell(command) for command in commands), **more)


def rate_limited(retry_after: float = 1, **headers: str) -> Turn:
    """429. retry_after: seconds. Further headers with _ for -, such as anthropic_ratelimit_unified_reset."""
    told = {"retry-after": f"{retry_after:g}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Turn(text="This request would exceed your rate limit.", status=429, error="rate_limit_error", headers=told)


def overloaded(status: int = 529) -> Turn:
    """529 (or 500): the provider cannot."""
    return Turn(text="Overloaded", status=status, error="overloaded_error" if status == 529 else "api_error")


def refused() -> Turn:
    """401: the key is not accepted."""
    return Turn(text="invalid x-api-key", status=401, error="authentication_error")
