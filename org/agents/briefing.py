"""Roles and prompts: Markdown with front matter, rendered strictly. What is missing is one clear line, at start."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from org.model.errors import ConfigError

FENCE = "---\n"


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered file: its front matter as written, its text with every variable filled in."""

    front: dict[str, Any] = field(default_factory=dict)
    text: str = ""


def role(folder: Path, name: str, variables: Mapping[str, object]) -> Page:
    """The page of a role: folder/NAME.md. ConfigError names the roles there are."""
    return page(folder / f"{name}.md", variables)


def page(path: Path, variables: Mapping[str, object]) -> Page:
    """Render one Markdown template. ConfigError names the file and the variable (or line) that is wrong."""
    front, body, lines_above = _read(path)
    return Page(front, _render(body, path, variables, lines_above))


def check(path: Path) -> None:
    """Without rendering: the file is there, its template parses, and its front matter's `variables` names every
    variable that it uses. ConfigError says what is wrong, so that a start fails before any pane is opened."""
    front, body, lines_above = _read(path)
    try:
        used = jinja2.meta.find_undeclared_variables(jinja2.Environment(autoescape=False).parse(body))
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{path}:{error.lineno + lines_above}: {error.message}") from error
    undeclared = sorted(used - set(front.get("variables") or ()))
    if undeclared:
        raise ConfigError(f"{path}: {', '.join(undeclared)} is used, but not among `variables` in its front matter")


def _render(body: str, path: Path, variables: Mapping[str, object], lines_above: int) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    try:
        # Also in a branch that is not taken today, as for a note that nobody left.
        unknown = sorted(jinja2.meta.find_undeclared_variables(environment.parse(body)) - set(variables))
        if unknown:
            raise jinja2.UndefinedError(f"{', '.join(map(repr, unknown))} is undefined")
        return environment.from_string(body).render(**variables)
    except jinja2.UndefinedError as error:
        known = ", ".join(sorted(variables))
        raise ConfigError(f"{path}: {error.message}; variables here: {known or 'none'}") from error
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{path}:{error.lineno + lines_above}: {error.message}") from error


def _read(path: Path) -> tuple[dict[str, Any], str, int]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.md") if p.stem != "README"))
        raise ConfigError(f"{path}: there is no such file; in its folder: {known or 'none'}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return _split(text, path)


def _split(text: str, path: Path) -> tuple[dict[str, Any], str, int]:
    """Front matter, body, and how many lines stand above the body."""
    if not text.startswith(FENCE):
        return {}, text, 0
    head, fence, body = text[len(FENCE) :].partition("\n---\n")
    if not fence:
        raise ConfigError(f"{path}: the front matter has no closing line `---`")
    try:
        front = YAML(typ="safe", pure=True).load(head)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {error.problem}") from error
    except YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    if not isinstance(front, dict | None):
        raise ConfigError(f"{path}:2: keys and values were expected in the front matter")
    return front or {}, body.removeprefix("\n"), head.count("\n") + 3 + body.startswith("\n")
