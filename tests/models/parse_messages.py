"""A request body of the Messages protocol in the common shape."""

from typing import Any

from models.request import Result

Parts = dict[str, Any]


def parse(body: dict[str, Any]) -> Parts:
    """The fields of Request that the body tells. Answers 400 by ValueError what the real server would refuse too."""
    messages = body.get("messages", [])
    _check(messages)
    prompts = tuple(text for m in messages if m["role"] == "user" for text in _texts(m["content"]))
    return {
        "model": str(body.get("model", "")),
        "system": "\n".join(_texts(body.get("system") or "")),
        "prompts": prompts,
        "results": _results(messages),
        "tools": tuple(tool.get("name", "") for tool in body.get("tools") or ()),
        "may_call": (body.get("tool_choice") or {}).get("type") != "none",
        "streams": bool(body.get("stream")),
    }


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content] if content else []
    return [block["text"] for block in content if block.get("type") == "text"]


def _blocks(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    content = message["content"]
    return [] if isinstance(content, str) else [block for block in content if block.get("type") == kind]


def _results(messages: list[dict[str, Any]]) -> tuple[Result, ...]:
    """The results in the user messages after the last answer."""
    found: list[Result] = []
    for message in reversed(messages):
        if message["role"] == "assistant":
            break
        new = [
            Result(b["tool_use_id"], "\n".join(_texts(b.get("content") or "")), bool(b.get("is_error")))
            for b in _blocks(message, "tool_result")
        ]
        found = new + found
    return tuple(found)


def _check(messages: list[dict[str, Any]]) -> None:
    """Every tool_use is answered in the very next message, and no result is without its call."""
    if not messages or messages[0]["role"] != "user":
        raise ValueError("messages: first message must use the `user` role")
    asked: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "system":
            continue
        got = {block["tool_use_id"] for block in _blocks(message, "tool_result")}
        if got - asked:
            raise ValueError(f"messages.{number}: unexpected `tool_use_id` in `tool_result` blocks: {sorted(got - asked)}")
        if asked - got:
            raise ValueError(f"messages.{number}: `tool_use` ids without `tool_result` blocks: {sorted(asked - got)}")
        if not message["content"]:
            raise ValueError(f"messages.{number}: content must be non-empty")
        asked = {block["id"] for block in _blocks(message, "tool_use")}
    if asked:
        raise ValueError(f"messages: `tool_use` ids without `tool_result` blocks: {sorted(asked)}")
