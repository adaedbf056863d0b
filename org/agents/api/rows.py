"""The pane's rows in the hooks file: states, prompts and the tokens of each call. One row is one write.

A row with a state has the same keys as the rows of the other own panes, and more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from org.agents import hooks, tail
from org.agents.api.conversation import Answer, Prompt
from org.agents.api.quoting import line
from org.model.agent import Cause, State

WORDS = 200  # characters of the last words
PROMPT = 2000  # characters of a prompt


@dataclass(frozen=True, slots=True)
class Status:
    """What the agent says of itself. context: share of the window in use."""

    state: State
    words: str = ""
    cause: Cause = Cause.NONE
    until: datetime | None = None
    reason: str = ""
    context: float | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Writes rows of one agent's session."""

    path: Path
    agent: str
    session: str

    def status(self, at: datetime, said: Status) -> None:
        self._append(at, {
            "state": said.state.value, "words": line(said.words, WORDS), "cause": said.cause.value,
            "until": said.until.isoformat() if said.until else None, "reason": line(said.reason, WORDS),
            "context": None if said.context is None else round(said.context, 4),
        })  # fmt: skip

    def prompt(self, prompt: Prompt) -> None:
        self._append(prompt.at, {"prompt": prompt.text[:PROMPT], "prompt_id": prompt.id, "own": prompt.own})

    def usage(self, answer: Answer) -> None:
        t = answer.tokens
        counts = {
            "input_tokens": t.input, "output_tokens": t.output, "cache_read_tokens": t.cache_read,
            "cache_write_tokens": t.cache_write,
        }  # fmt: skip
        self._append(answer.at, {"usage": {"key": answer.id, "model": answer.model, **counts}})

    def told(self) -> "Told":
        """What earlier lives of this session wrote, to write what a death kept back."""
        prompts, calls = set(), set()
        for row in read(self.path)[0]:
            if row.get("session") == self.session and "usage" in row:
                calls.add(row["usage"]["key"])
            elif row.get("session") == self.session and "prompt_id" in row:
                prompts.add(row["prompt_id"])
        return Told(frozenset(prompts), frozenset(calls))

    def _append(self, at: datetime, told: Mapping[str, Any]) -> None:
        hooks.write(self.path, {"at": hooks.stamp(at), "agent": self.agent, "session": self.session, **told})


@dataclass(frozen=True, slots=True)
class Told:
    """Ids of prompts and calls that have a row."""

    prompts: frozenset[str] = field(default_factory=frozenset)
    calls: frozenset[str] = field(default_factory=frozenset)


def read(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The rows from byte offset on, and where to read next. A torn last line waits; a bad line is passed over."""
    lines, offset = tail.after(path, offset)
    rows = (_parse(raw) for raw in lines)
    return [row for row in rows if row is not None], offset


def _parse(raw: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(raw)
        row["at"] = datetime.fromisoformat(row["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return row if isinstance(row, dict) else None
