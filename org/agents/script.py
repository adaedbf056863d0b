"""The script of a replay agent: a YAML list of steps, typed. Wrong steps are told with file and line, at start.

- wait_for: {program: open}                       # or {message: handback}, {experiments: decided}, within: 60
- propose: {subject: …, because: …, predict: …, recipe: {softcap: 20}, files: {trainer/step.py: "…"}}
- send: {to: chief, subject: …, body: …}
- say: words for the pane
- sleep: 2.5
- crash: 9                                        # ends its own process with this signal
"""

import difflib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from org.agents.offline.recipe import Value
from org.model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class WaitFor:
    """program: a state of the agent's program. message: a kind of unread mail. experiments: `decided` when none of its
    own is open, or a state that its latest one must have. within: seconds until that counts as failed."""

    program: str | None = None
    message: str | None = None
    experiments: str | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Propose:
    """recipe: keys to set; files: whole texts by path. refused: the refusal is what the script expects."""

    subject: str
    because: str = "the script says so"
    predict: str = "the script does not say"
    claim: str = "improve"
    recipe: dict[str, Value] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    to: str
    subject: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Crash:
    signal: int


Step: TypeAlias = WaitFor | Propose | Send | Say | Sleep | Crash
MAPPED: dict[str, type[WaitFor] | type[Propose] | type[Send]] = {"wait_for": WaitFor, "propose": Propose, "send": Send}
PLAIN: dict[str, tuple[type[Say] | type[Sleep] | type[Crash], tuple[type, ...]]] = {
    "say": (Say, (str,)), "sleep": (Sleep, (int, float)), "crash": (Crash, (int,)),
}  # fmt: skip


def load(path: Path) -> tuple[Step, ...]:
    """The steps of a script file. ConfigError names file, line and what is wrong."""
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {error.problem}") from error
    if not isinstance(tree, CommentedSeq):
        raise ConfigError(f"{path}:1: a list of steps was expected")
    return tuple(_step(item, f"{path}:{tree.lc.item(place)[0] + 1}") for place, item in enumerate(tree))


def _step(item: Any, where: str) -> Step:
    if not isinstance(item, CommentedMap) or len(item) != 1:
        raise ConfigError(f"{where}: a step is one word with its value, as `- say: hello`")
    word, value = next(iter(item.items()))
    if word in PLAIN:
        make, kinds = PLAIN[word]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise ConfigError(f"{where}: {word}: {value!r} is not what this step takes")
        return make(value)  # type: ignore[arg-type]
    if word not in MAPPED:
        raise ConfigError(f"{where}: unknown step {word!r}{_near(word, [*MAPPED, *PLAIN])}")
    return _mapped(MAPPED[word], word, value, where)


def _mapped(make: type[WaitFor] | type[Propose] | type[Send], word: str, value: Any, where: str) -> Step:
    if not isinstance(value, CommentedMap):
        raise ConfigError(f"{where}: {word}: keys and values were expected")
    known = [f.name for f in fields(make)]
    for key in value:
        if key not in known:
            raise ConfigError(f"{where}: {word}: unknown key {key!r}{_near(key, known)}")
    arguments: dict[str, Any] = {key: dict(v) if isinstance(v, CommentedMap) else v for key, v in value.items()}
    try:
        return make(**arguments)
    except TypeError as error:
        raise ConfigError(f"{where}: {word}: {str(error).partition('() ')[2] or error}") from None


def _near(word: object, known: list[str]) -> str:
    near = difflib.get_close_matches(str(word), known, 1)
    return f"; did you mean `{near[0]}`?" if near else f"; known here: {', '.join(known)}"
