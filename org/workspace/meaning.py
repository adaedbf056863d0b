"""What a file says, apart from how it is written. Two texts with the same meaning run alike: comments, blank lines, layout
and docstrings of Python, and comments, order and spelling of YAML values, do not count. Any other file is its text."""

import ast
import json
from pathlib import PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def of_file(path: str, text: str) -> str:
    """The meaning of a file as text. A file that does not parse means what it says, to the letter."""
    match PurePosixPath(path).suffix:
        case ".py":
            return _python(text)
        case ".yaml" | ".yml":
            return _yaml(text)
    return text


def _python(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _yaml(text: str) -> str:
    try:
        return json.dumps(YAML(typ="safe", pure=True).load(text), sort_keys=True, default=str)
    except (YAMLError, ValueError, TypeError):
        return text
