"""Read a program's brief: typed front matter and prose. Wrong keys fail with the nearest known one."""

import difflib
import re
from pathlib import Path
from typing import Any

import frontmatter
from frontmatter.default_handlers import YAMLHandler
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from org.model.brief import Brief
from org.model.errors import ConfigError

KEYS = frozenset({"title", "question", "claim", "margin", "objective", "editable", "needs", "allowance", "stop", "space", "slug"})
STOPS = frozenset({"discards", "verdicts"})  # decided in a row without a merge; decided in all


class _Handler(YAMLHandler):
    """YAML 1.2, as everywhere in the lab: 1e-3 is a number."""

    def load(self, fm: str, **_: Any) -> Any:
        return YAML(typ="safe", pure=True).load(fm)


def read(path: Path) -> Brief:
    """The brief in a file; ConfigError names the file and what is wrong."""
    try:
        post = frontmatter.loads(path.read_text(encoding="utf-8"), handler=_Handler())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; briefs live in prompts/programs/") from error
    except YAMLError as error:
        raise ConfigError(f"{path}: its front matter is not YAML: {error}") from error
    findings = list(_findings(post.metadata))
    if findings:
        raise ConfigError("\n".join(f"{path}: {finding}" for finding in findings))
    data: dict[str, Any] = dict(post.metadata)
    return Brief(
        slug=str(data.get("slug", path.stem)), title=str(data["title"]), question=str(data["question"]),
        body=post.content, claim=data.get("claim", "improve"), margin=float(data.get("margin", 0.0)),
        objective=data.get("objective", ""), editable=tuple(data.get("editable", ())),
        needs=tuple(data.get("needs", ())), allowance=dict(data.get("allowance") or {}),
        stop=dict(data.get("stop") or {}), space=dict(data.get("space") or {}),
    )  # fmt: skip


def shipped(prompts: Path) -> list[Path]:
    """The briefs of prompts/programs/, in the order of their names."""
    return sorted(p for p in (prompts / "programs").glob("*.md") if p.name != "README.md")


def _findings(data: dict[str, Any]) -> list[str]:
    found = []
    for key in sorted(set(data) - KEYS):
        near = difflib.get_close_matches(key, KEYS, 1)
        found.append(f"unknown key `{key}`{f'; did you mean `{near[0]}`?' if near else ''}")
    found += [f"`{key}` is required" for key in ("title", "question") if not data.get(key)]
    for key, allowed in (("claim", ("improve", "simplify")), ("objective", ("time", "flops", "both"))):
        if key in data and data[key] not in allowed:
            found.append(f"{key}: {data[key]!r}; write one of {', '.join(allowed)}")
    for key in sorted(set(data.get("stop") or {}) - STOPS):
        found.append(f"stop: unknown rule `{key}`; known: {', '.join(sorted(STOPS))}")
    if data.get("claim") == "simplify" and "margin" not in data:
        found.append("claim simplify needs a `margin` in metric units")
    if "slug" in data and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", str(data["slug"])):
        found.append(f"slug: {data['slug']!r}; use lower-case letters, digits and '-'")
    return found
