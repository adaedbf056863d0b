"""Steps and use of tokens from a rollout, the file in which Codex keeps a conversation: one JSON object a line.

The format is Codex's own and undocumented; what is read here was recorded with the versions that screens.yaml names.
A rollout begins with its session_meta, whose `source` tells the pane's own conversations (`cli`) from runs that an agent
started itself (`exec`) and from conversations beside them: those only cost tokens.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from org.agents.codex import trouble
from org.agents.codex.step import Step
from org.agents.tail import Tail
from org.model.agent import Cause, State
from org.model.usage import Usage

TOLD = (b'"type":"session_meta"', b'"type":"event_msg"', b'"type":"turn_context"', b'"type":"token_usage_record"')
HEAD = 400  # bytes in which a line says its type


@dataclass(slots=True)
class Rollout:
    """Follows one rollout. own: whether it is the pane's conversation (None until its first line is there)."""

    path: Path
    agent: str
    own: bool | None = None
    session: str = ""
    model: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    counted: int = 0  # tokens so far, where a version writes no token_usage_record
    records: bool = False
    tail: Tail = field(init=False)

    def __post_init__(self) -> None:
        self.tail = Tail(self.path)

    def steps(self) -> list[Step]:
        """What is new. Of a conversation that is not the pane's own, its use of tokens only."""
        found = [step for line in self.tail.lines() if (row := _row(line)) for step in self._passed_over_if_strange(row)]
        return found if self.own else [step for step in found if step.usage]

    def _passed_over_if_strange(self, row: dict[str, Any]) -> list[Step]:
        try:
            return list(self._read(row))
        except (KeyError, TypeError, ValueError):  # another version's idea of this row
            return []

    def _read(self, row: dict[str, Any]) -> Iterator[Step]:
        payload, at = row["payload"], datetime.fromisoformat(row["timestamp"])
        match row["type"]:
            case "session_meta" if self.own is None:
                self.session = str(payload.get("id", ""))
                self.own = payload.get("source") == "cli" and payload.get("thread_source", "user") == "user"
            case "turn_context":
                self.model = str(payload.get("model", self.model))
            case "token_usage_record":
                self.records = True
                key = f"codex:{self.session}:{row.get('ordinal', payload.get('response_id'))}"
                yield Step(at, self.session, usage=self._usage(key, at, payload["usage"]))
            case "event_msg":
                yield from self._event(payload, at)

    def _event(self, payload: dict[str, Any], at: datetime) -> Iterator[Step]:
        match payload["type"]:
            case "task_started":
                yield Step(at, self.session, State.WORKING)
            case "item_completed":
                yield from self._item(payload["item"], at, str(payload.get("turn_id", "")))
            case "token_count":
                yield from self._count(payload, at)
            case "task_complete":
                yield self._end(payload, at)
            case "turn_aborted" if payload.get("reason") == "interrupted":
                yield Step(at, self.session, State.IDLE, Cause.INTERRUPTED)

    def _item(self, item: dict[str, Any], at: datetime, turn: str) -> Iterator[Step]:
        match item["type"]:
            case "UserMessage":
                yield Step(at, self.session, State.WORKING, prompt=_text(item), turn=turn)
            case "AgentMessage":
                yield Step(at, self.session, words=_text(item))
            case "CommandExecution" if item.get("source") == "user_shell":
                yield Step(at, self.session, prompt="!" + str(item.get("command", [""])[-1]), turn=turn)
            case _:
                yield Step(at, self.session)

    def _count(self, payload: dict[str, Any], at: datetime) -> Iterator[Step]:
        self.limits = payload.get("rate_limits") or self.limits
        info = payload.get("info") or {}
        last, window = info.get("last_token_usage"), info.get("model_context_window")
        if last and window:
            yield Step(at, self.session, context=min(1.0, last["total_tokens"] / window))
        total = (info.get("total_token_usage") or {}).get("total_tokens", 0)
        if last and not self.records and total > self.counted:
            yield Step(at, self.session, usage=self._usage(f"codex:{self.session}:={total}", at, last))
        self.counted = max(self.counted, total)

    def _end(self, payload: dict[str, Any], at: datetime) -> Step:
        if error := payload.get("error"):
            met = trouble.read(error, self.limits, at)
            return Step(at, self.session, met.state, met.cause, met.until, met.reason)
        return Step(at, self.session, State.IDLE, words=str(payload.get("last_agent_message") or ""))

    def _usage(self, key: str, at: datetime, told: dict[str, int]) -> Usage:
        """Codex counts what was read from and written to the cache as input, too."""
        read, written = told.get("cached_input_tokens", 0), told.get("cache_write_input_tokens", 0)
        return Usage(
            key, self.agent, at, self.model, self.session, input_tokens=max(0, told["input_tokens"] - read - written),
            output_tokens=told["output_tokens"], cache_read_tokens=read, cache_write_tokens=written,
        )  # fmt: skip


def _row(line: bytes) -> dict[str, Any] | None:
    """The object of a line that tells something; most of a rollout's bytes are in lines that do not."""
    if not any(word in line[:HEAD] for word in TOLD):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("payload"), dict) else None


def _text(item: dict[str, Any]) -> str:
    parts = item.get("content") or []
    return "\n".join(str(part["text"]) for part in parts if isinstance(part, dict) and part.get("text"))
