"""Rows that Claude Code's hooks append to hooks.jsonl (see org/agents/hook.py)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One event. at: when the hook ran. event: what the program told, shortened."""

    at: datetime
    name: str
    session: str
    event: dict[str, Any]

    def text(self, key: str) -> str:
        """A text of the event; "" when it has none."""
        value = self.event.get(key)
        return value if isinstance(value, str) else ""


def parse(line: bytes) -> Row | None:
    """The row of one line; None for a line of something else."""
    try:
        row = json.loads(line)
        event = row["event"]
        return Row(datetime.fromisoformat(row["at"]), str(event["hook_event_name"]), str(event["session_id"]), event)
    except (ValueError, KeyError, TypeError):
        return None
