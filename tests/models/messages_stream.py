"""A turn as the Messages protocol says it: events of a stream, or one object."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from models.request import Request
from models.turn import Call, Turn

Event = tuple[str, dict[str, Any]]
PIECES = 8  # a text or an input is streamed in so many, a slow text in as many as five a second


def usage(request: Request, turn: Turn) -> dict[str, int]:
    """Tokens as the turn gives them, else estimated."""
    told = turn.text + "".join(json.dumps(dict(c.input)) if isinstance(c, Call) else c.command for c in turn.calls)
    return {
        "input_tokens": request.input_tokens if turn.input_tokens is None else turn.input_tokens,
        "cache_creation_input_tokens": turn.cache_write_tokens or 0,
        "cache_read_input_tokens": turn.cache_read_tokens or 0,
        "output_tokens": max(1, len(told) // 4) if turn.output_tokens is None else turn.output_tokens,
    }


def message(request: Request, turn: Turn, calls: tuple[Call, ...]) -> dict[str, Any]:
    """The whole answer."""
    content: list[dict[str, Any]] = []
    if turn.thinking:
        content.append({"type": "thinking", "thinking": turn.thinking, "signature": f"signed-{len(turn.thinking)}"})
    content += [{"type": "text", "text": turn.text}] if turn.text else []
    content += [
        {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", "name": c.name, "input": dict(c.input)} for c in calls
    ]
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}", "type": "message", "role": "assistant", "model": request.model,
        "content": content, "stop_reason": turn.stop or ("tool_use" if calls else "end_turn"), "stop_sequence": None,
        "usage": usage(request, turn),
    }  # fmt: skip


def events(request: Request, turn: Turn, calls: tuple[Call, ...]) -> Iterator[Event]:
    """The stream's events in order."""
    whole = message(request, turn, calls)
    first = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield "message_start", {"message": first}
    yield "ping", {}
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block, turn.seconds)
    yield "message_delta", {"delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None}, "usage": whole["usage"]}
    yield "message_stop", {}


def _block(index: int, block: dict[str, Any], seconds: float) -> Iterator[Event]:
    kind = block["type"]
    empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}[kind]
    yield "content_block_start", {"index": index, "content_block": {**block, **empty}}
    whole = json.dumps(block["input"]) if kind == "tool_use" else block[kind]
    name, field = {"text": ("text_delta", "text"), "thinking": ("thinking_delta", "thinking")}.get(
        kind, ("input_json_delta", "partial_json")
    )
    for piece in pieces(whole, seconds):
        yield "content_block_delta", {"index": index, "delta": {"type": name, field: piece}}
    if kind == "thinking":
        yield "content_block_delta", {"index": index, "delta": {"type": "signature_delta", "signature": block["signature"]}}
    yield "content_block_stop", {"index": index}


def error(kind: str, text: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": f"req_{uuid.uuid4().hex[:20]}"}


def pieces(text: str, seconds: float = 0) -> list[str]:
    """The text in a few parts; more of them when it is to be slow."""
    size = max(1, -(-len(text) // max(PIECES, int(seconds * 5))))
    return [text[i : i + size] for i in range(0, len(text), size)]
