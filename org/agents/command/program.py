"""A description of an agent program, from a YAML file. A wrong one fails with the file, the key and what was expected.

In its strings {agent}, {worktree}, {root}, {home} (a folder of the agent's own), {role} (its role's text), {role_file},
{model} and {prompt} stand for what they name.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from org.agents.backend import Seat
from org.model.agent import Cause
from org.model.errors import ConfigError

SHIPPED = Path(__file__).parent / "programs"


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return value


def _box(value: str) -> str:
    if "text" not in re.compile(_pattern(value)).groupindex:
        raise ValueError(f"{value!r} has no group `text`, as in '^> (?P<text>.*)$'")
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]  # searched in single lines
Box = Annotated[str, AfterValidator(_box)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sign(_Strict):
    pattern: Pattern
    cause: Cause
    reason: str


class Screen(_Strict):
    bottom: int = Field(15, ge=1)  # lines, counted from the last that is not empty, in which the patterns are searched
    box: Box  # a line of the input box, with a group `text`; the last such line counts
    end: Pattern | None = None  # the box's lower frame: then the box is all such lines above it, `chrome` lines left out
    chrome: int = Field(0, ge=0)
    placeholders: tuple[Pattern, ...] = ()  # what an empty box may show
    ready: Pattern | None = None  # stands on the screen while the box takes keys
    busy: tuple[Pattern, ...] = ()  # a turn runs
    dialogs: tuple[Sign, ...] = ()  # a question is open
    troubles: tuple[Sign, ...] = ()  # the provider does not answer as it should
    queued: Pattern | None = None  # marks a line that waits behind a turn: stands in it, or in a line below it


class Role(_Strict):
    """At most one. Without any, or where its file cannot be placed, the opening prompt names the file to read."""

    file: str | None = None  # a name that the program reads in its folder, such as AGENTS.md
    arguments: tuple[str, ...] = ()
    environment: str | None = None  # a variable that holds the path of the role's file


class Program(_Strict):
    name: str
    program: str  # looked for on PATH
    install: str  # the command that installs it
    tested: tuple[str, ...] = ()  # versions that the patterns were made with
    arguments: tuple[str, ...] = ()
    prompt: tuple[str, ...] = ()  # arguments that carry an opening prompt; none: it waits for its first letter
    model: tuple[str, ...] = ()  # arguments that choose a model
    again: tuple[str, ...] = ()  # arguments that take up the agent's last conversation, from the second start on
    environment: dict[str, str] = {}
    keeps: tuple[str, ...] = ()  # variables with its keys
    files: dict[str, str] = {}  # written below {home} before each start: name → text
    role: Role = Role()
    screen: Screen


def load(seat: Seat) -> Program:
    """The description that the seat's entry names: a file of the lab's repository, or a shipped one by its name."""
    named = seat.entry.program_file
    if not named:
        raise ConfigError(f"agent {seat.agent}: backend command needs `program_file:`, a YAML file or one of {shipped()}")
    path = seat.root / named
    if not path.is_file() and (SHIPPED / f"{named}.yaml").is_file():
        path = SHIPPED / f"{named}.yaml"
    return read(path)


def shipped() -> str:
    """The names of the descriptions that come with org."""
    return ", ".join(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def read(path: Path) -> Program:
    """One description; ConfigError tells everything that is wrong with it."""
    try:
        return Program.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; shipped descriptions: {shipped()}") from None
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        told = [f"{path}: {'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors()]
        raise ConfigError("\n".join(told)) from None


def filled(text: str, seat: Seat, **more: str) -> str:
    """text with its placeholders replaced; braces of other meaning stay."""
    values = {
        "agent": seat.agent, "worktree": str(seat.worktree), "root": str(seat.root), "home": str(seat.home),
        "role_file": str(seat.prompt), "model": seat.entry.model or "", **more,
    }  # fmt: skip
    if "{role}" in text and seat.prompt.is_file():
        values["role"] = seat.prompt.read_text(encoding="utf-8")
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
