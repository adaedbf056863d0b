"""Usage from all transcripts of an agent: its conversations, what it delegated, and what it started itself. The folder is
the agent's own, so everything in it was spent by it. Each call counts once, by the id of its message.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from org.agents.tail import Tail
from org.model.usage import Usage

LOOKS_EVERY = timedelta(seconds=2)
NO_MODEL = "<synthetic>"  # what the program says itself in a model's place
REMEMBERED = 500  # ids: the rows of one message follow each other


@dataclass(slots=True)
class Spending:
    """Reads projects/**/*.jsonl of a configuration folder. A message's rows repeat its usage; the last one has all of it."""

    folder: Path
    agent: str
    tails: dict[Path, Tail] = field(default_factory=dict)
    unfinished: dict[Path, Usage] = field(default_factory=dict)
    told: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    looked: datetime | None = None

    def take(self, now: datetime) -> tuple[Usage, ...]:
        """The calls since the last time; () while that is less than LOOKS_EVERY ago."""
        if self.looked is not None and now - self.looked < LOOKS_EVERY:
            return ()
        self.looked = now
        for path in sorted((self.folder / "projects").glob("**/*.jsonl")):
            self.tails.setdefault(path, Tail(path))
        return tuple(usage for tail in self.tails.values() for usage in self._of(tail))

    def _of(self, tail: Tail) -> list[Usage]:
        found: list[Usage] = []
        for line in tail.lines():
            if b'"type":"assistant"' not in line or b'"usage"' not in line:
                continue
            usage, finished = _parse(line, self.agent)
            if usage is None or usage.key in self.told:
                continue
            before = self.unfinished.pop(tail.path, None)
            if before is not None and before.key != usage.key:
                found.append(self._tell(before))
            if finished:
                found.append(self._tell(usage))
            else:
                self.unfinished[tail.path] = usage
        return found

    def _tell(self, usage: Usage) -> Usage:
        self.told.append(usage.key)
        return usage


def _parse(line: bytes, agent: str) -> tuple[Usage | None, bool]:
    """The usage of one row, and whether its message is whole."""
    try:
        row = json.loads(line)
        message = row["message"]
        if row.get("type") != "assistant" or message["model"] == NO_MODEL:
            return None, False
        return _usage(row, message, message["usage"], agent), message.get("stop_reason") is not None
    except (ValueError, KeyError, TypeError):
        return None, False


def _usage(row: dict[str, Any], message: dict[str, Any], used: dict[str, Any], agent: str) -> Usage:
    return Usage(
        key=str(message["id"]), agent=agent, at=datetime.fromisoformat(row["timestamp"]), model=str(message["model"]),
        session=str(row.get("sessionId") or ""), input_tokens=int(used.get("input_tokens") or 0),
        output_tokens=int(used.get("output_tokens") or 0), cache_read_tokens=int(used.get("cache_read_input_tokens") or 0),
        cache_write_tokens=int(used.get("cache_creation_input_tokens") or 0),
    )  # fmt: skip
