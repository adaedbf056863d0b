"""A turn as the Responses protocol says it: events of a stream, or one object."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from models.messages_stream import Event, pieces
from models.messages_stream import usage as estimated
from models.request import Request
from models.turn import Call, Turn


def usage(request: Request, turn: Turn) -> dict[str, Any]:
    """As this protocol counts: input_tokens includes what was read from the cache."""
    told = estimated(request, turn)
    read, out = told["cache_read_input_tokens"], told["output_tokens"]
    total = told["input_tokens"] + read
    return {
        "input_tokens": total, "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": 0},
        "output_tokens": out, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": total + out,
    }  # fmt: skip


def response(request: Request, turn: Turn, calls: tuple[Call, ...]) -> dict[str, Any]:
    """The whole answer."""
    output = [_reasoning(turn.thinking)] if turn.thinking else []
    output += ([_message(turn.text)] if turn.text else []) + [_call(call) for call in calls]
    return {
        "id": f"resp_{uuid.uuid4().hex[:20]}", "object": "response", "created_at": int(time.time()), "status": "completed",
        "model": request.model, "output": output, "usage": usage(request, turn), "error": None, "incomplete_details": None,
        "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0,
    }  # fmt: skip


def events(request: Request, turn: Turn, calls: tuple[Call, ...]) -> Iterator[Event]:
    """The stream's events in order, numbered."""
    for number, (kind, data) in enumerate(_events(response(request, turn, calls), turn.seconds)):
        yield kind, {**data, "sequence_number": number}


def _events(whole: dict[str, Any], seconds: float) -> Iterator[Event]:
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(whole["output"]):
        if item["type"] == "reasoning":
            yield "response.output_item.added", {"output_index": index, "item": {**item, "encrypted_content": None}}
            yield "response.output_item.done", {"output_index": index, "item": item}
        else:
            yield from _text_events(index, item, seconds) if item["type"] == "message" else _call_events(index, item)
    yield "response.completed", {"response": whole}


def _text_events(index: int, item: dict[str, Any], seconds: float) -> Iterator[Event]:
    place = {"output_index": index, "item_id": item["id"], "content_index": 0}
    text = item["content"][0]["text"]
    yield "response.output_item.added", {"output_index": index, "item": {**item, "status": "in_progress", "content": []}}
    yield "response.content_part.added", {**place, "part": {"type": "output_text", "text": "", "annotations": []}}
    for piece in pieces(text, seconds):
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**place, "text": text, "logprobs": []}
    yield "response.content_part.done", {**place, "part": item["content"][0]}
    yield "response.output_item.done", {"output_index": index, "item": item}


def _call_events(index: int, item: dict[str, Any]) -> Iterator[Event]:
    place = {"output_index": index, "item_id": item["id"]}
    yield "response.output_item.added", {"output_index": index, "item": {**item, "status": "in_progress", "arguments": ""}}
    for piece in pieces(item["arguments"]):
        yield "response.function_call_arguments.delta", {**place, "delta": piece}
    yield "response.function_call_arguments.done", {**place, "arguments": item["arguments"], "name": item["name"]}
    yield "response.output_item.done", {"output_index": index, "item": item}


def _reasoning(text: str) -> dict[str, Any]:
    return {"id": f"rs_{uuid.uuid4().hex[:20]}", "type": "reasoning", "summary": [], "encrypted_content": f"sealed-{len(text)}"}


def _message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "id": f"fc_{uuid.uuid4().hex[:20]}", "type": "function_call", "call_id": f"call_{uuid.uuid4().hex[:20]}",
        "name": call.name, "arguments": json.dumps(dict(call.input)), "status": "completed",
    }  # fmt: skip


def error(kind: str, text: str, headers: dict[str, str]) -> dict[str, Any]:
    """An error's body; a usage limit carries its reset time, as Codex reads it."""
    told: dict[str, Any] = {"message": text, "type": kind, "code": kind, "param": None}
    if "x-resets-at" in headers:
        told |= {"resets_at": int(headers["x-resets-at"]), "plan_type": "pro"}
    return {"error": told}
