"""Backlog lines that name a recipe key and a value, such as "warmdown_ratio = 0.4" or "try softcap 20"."""

import re
from collections.abc import Mapping

from org.agents.offline.recipe import Value

_JOINT = r"(?:\s*(?:=|:|→|->)\s*|\s+(?:(?:to|at|of|as|from\s+\S+\s+to)\s+)?)"
_WORD = r"[\"'`]?([-+]?[A-Za-z0-9_.+-]*[A-Za-z0-9_])"


def named_change(text: str, head: Mapping[str, Value]) -> tuple[str, Value] | None:
    """The first (key, value) in the text whose key the recipe has and whose value is of that key's kind."""
    for key in sorted(head, key=len, reverse=True):
        for found in re.finditer(rf"(?<![A-Za-z0-9_]){re.escape(key)}[`\"']?{_JOINT}{_WORD}", text):
            value = _value(found.group(1), head[key])
            if value is not None:
                return key, value
    return None


def _value(word: str, like: Value) -> Value | None:
    if isinstance(like, bool):
        return {"true": True, "on": True, "false": False, "off": False}.get(word.lower())
    if isinstance(like, str):
        return word if re.fullmatch(r"[A-Z0-9]+|[a-z0-9_]+", word) and len(word) <= len(like) + 8 else None
    try:
        number = float(word)
    except ValueError:
        return None
    return int(number) if isinstance(like, int) and number.is_integer() else number
