"""What is wrong with a config, in sentences: pydantic's errors with the line, the value and the way out."""

import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml.comments import CommentedMap


def telling(errors: Sequence[Any]) -> Iterable[dict[str, Any]]:
    """The errors without their echoes: of a value that may be several things, only what it was meant to be is told; a
    list with a bad item is not also called empty."""
    for error in errors:
        loc = error["loc"]
        if error["type"] == "too_short" and any(e["loc"][: len(loc)] == loc and e is not error for e in errors):
            continue
        if loc[0] == "devices" and len(loc) > 1:
            meant = _meant(next(e["input"] for e in errors if e["loc"][0] == "devices" and e["loc"][1].startswith("literal[")))
            if meant is None:
                yield error | {"loc": loc[:1], "type": "devices"}
            elif loc[1].startswith(meant):
                yield error | {"loc": (loc[0], *loc[2:])}
        elif loc[:2] == ("root", "recipe") and len(loc) > 3:
            yield error | {"loc": loc[:3], "type": "recipe"}
        else:
            yield error


def _meant(devices: object) -> str | None:
    """The start of pydantic's name for what `devices` was meant to be."""
    return "CpuDevices" if isinstance(devices, dict) else "tuple[" if isinstance(devices, tuple) else None


_SENTENCES = {
    "devices": "write auto, a list such as [cuda:0, cuda:1], or {cpu: 2}",
    "recipe": "write one number, text, true or false",
    "tuple_type": "write a list, such as [one, two]",
    "too_short": "at least one is needed",
    "string_type": "write text, in quotes where it looks like a number or a time",
    "model_type": "write keys and values",
    "model_attributes_type": "write keys and values",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "float_parsing": "write a number",
}


def sentence(path: Path, tree: CommentedMap, error: dict[str, Any], root: type[BaseModel]) -> str:
    """One finding as `file:line: key: value: what, and the way out`. root: the model that the whole file keeps."""
    loc = list(error["loc"])
    where = f"{path}:{line_of(tree, loc)}: {_dotted(loc)}"
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(loc[-1]), _allowed(root, loc[:-1]), 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"allowed here: {', '.join(sorted(_allowed(root, loc[:-1])))}"
            return f"{where}: unknown key; {hint}"
        case "missing":
            return f"{where}: this key is required"
        case "value_error":
            return f"{where}: {_shown(error['input'])}: {error['ctx']['error']!s}"
        case "literal_error":
            expected = error["ctx"]["expected"].replace("'", "")
            return f"{where}: {_shown(error['input'])}: write {expected}"
    words = _SENTENCES.get(error["type"]) or error["msg"].replace("Input should", "it must", 1)
    return f"{where}: {_shown(error['input'])}: {words}"


def _shown(value: object) -> str:
    """A value as YAML says it, cut when it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:59] + "…"


def _dotted(loc: Sequence[str | int]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def line_of(tree: CommentedMap, loc: Sequence[str | int]) -> int:
    """The line of the innermost part of loc that the file has (1-based)."""
    node: Any = tree
    line = 1
    for part in loc:
        try:
            line = (node.lc.key(part) if isinstance(node, CommentedMap) else node.lc.item(part))[0] + 1
            node = node[part]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _allowed(root: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    model: Any = root
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:  # else a key of one's own choice, such as a model's name
            model = _model_of(model.model_fields[part].annotation)
    return list(model.model_fields)


def _model_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_of(inner)
        if found is not None:
            return found
    return None
