"""config.yaml from its file, and as the ledger keeps it."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from org.config import checks, findings
from org.config.sections import Config
from org.model.errors import ConfigError


def load(path: Path) -> Config:
    """Read and check a config. ConfigError lists every finding as `file:line: key: what, and the way out`."""
    tree = _parse(path)
    try:
        config = Config.model_validate(_plain(tree))
    except ValidationError as error:
        told = [findings.sentence(path, tree, e, Config) for e in findings.telling(error.errors())]
        raise ConfigError("\n".join(dict.fromkeys(told))) from None
    found = list(checks.problems(path, tree, config))
    if found:
        raise ConfigError("\n".join(found))
    return config


def restored(text: str) -> Config:
    """A config as the ledger keeps it. ConfigError when another version of org applied it."""
    try:
        return Config.model_validate_json(text)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise ConfigError(f"another version of org applied this lab's config ({told}); `org start` applies it again") from None


def _parse(path: Path) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy config.yaml from the repository, or name another --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {error.problem}") from None
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, CommentedMap):
        holds = {"NoneType": "nothing", "CommentedSeq": "a list"}.get(type(tree).__name__, "one value")
        raise ConfigError(f"{path}: keys and values were expected, this holds {holds}; start from a copy of config.yaml")
    return tree


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(k): _plain(v) for k, v in node.items()}
    if isinstance(node, CommentedSeq):
        return tuple(_plain(v) for v in node)
    return node
