"""A request body of the Responses protocol in the common shape."""

from typing import Any

from models.request import Result

Parts = dict[str, Any]
CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}


def parse(body: dict[str, Any]) -> Parts:
    """The fields of Request that the body tells. ValueError for what the real server would refuse too."""
    given = body.get("input", "")
    items = [{"type": "message", "role": "user", "content": given}] if isinstance(given, str) else given
    _check(items)
    said = [item for item in items if item.get("type", "message") == "message"]
    system = [text for item in said if item["role"] in ("system", "developer") for text in _texts(item["content"])]
    return {
        "model": str(body.get("model", "")),
        "system": "\n".join([str(body.get("instructions") or ""), *system]),
        "prompts": tuple(text for item in said if item["role"] == "user" for text in _texts(item["content"])),
        "results": _results(items),
        "tools": tuple(tool.get("name") or tool.get("type", "") for tool in body.get("tools") or ()),
        "may_call": body.get("tool_choice") != "none",
        "streams": bool(body.get("stream")),
    }


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content] if content else []
    return [part["text"] for part in content if "text" in part]


def _results(items: list[dict[str, Any]]) -> tuple[Result, ...]:
    found: list[Result] = []
    for item in reversed(items):
        kind = item.get("type", "message")
        if kind in CALLS or (kind == "message" and item["role"] == "assistant") or kind == "reasoning":
            break
        if kind in CALLS.values():
            found.insert(0, Result(item["call_id"], "\n".join(_texts(item.get("output") or ""))))
    return tuple(found)


def _check(items: list[dict[str, Any]]) -> None:
    asked = [item["call_id"] for item in items if item.get("type") in CALLS]
    got = [item["call_id"] for item in items if item.get("type") in CALLS.values()]
    if lost := [call for call in asked if call not in got]:
        raise ValueError(f"No tool output found for function call {lost[0]}.")
    if unknown := [call for call in got if call not in asked]:
        raise ValueError(f"No tool call found for function call output with call_id {unknown[0]}.")
    if not items:
        raise ValueError("input: must not be empty")
