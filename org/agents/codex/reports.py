"""Steps from the rows that Codex's hooks append to hooks.jsonl (see org/agents/hook.py)."""

import json
from datetime import datetime
from typing import Any

from org.agents.codex.step import Step
from org.model.agent import Cause, State

WORKING = frozenset({"UserPromptSubmit", "PreToolUse", "PostToolUse", "PreCompact"})


def read(line: bytes) -> Step | None:
    """The step of one row; None for a row that is none, or of something else than Codex."""
    try:
        row = json.loads(line)
        event, at = row["event"], datetime.fromisoformat(row["at"])
        name, session = event["hook_event_name"], event["session_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return _step(name, event, at, session)


def _step(name: str, event: dict[str, Any], at: datetime, session: str) -> Step:
    turn = str(event.get("turn_id", ""))
    match name:
        case "UserPromptSubmit":
            return Step(at, session, State.WORKING, prompt=str(event.get("prompt", "")), turn=turn)
        case "PermissionRequest":
            reason = f"asks whether {event.get('tool_name', 'a tool')} may run"
            return Step(at, session, State.WAITING, Cause.PERMISSION, reason=reason)
        case "Stop":
            return Step(at, session, State.IDLE, words=str(event.get("last_assistant_message") or ""))
        case "Interrupt":
            return Step(at, session, State.IDLE, Cause.INTERRUPTED)
        case _:
            return Step(at, session, State.WORKING if name in WORKING else None)
