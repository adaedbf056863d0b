"""The agent's five tools: what the model is told of them, and what a call does. A tool that cannot do what was asked
answers with the reason; nothing a tool does ends the agent."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from org.agents.api import files, process, quoting, search
from org.agents.api.conversation import Call, Result, Started
from org.agents.api.model import Tool, read_object
from org.agents.api.paths import Places
from org.model.errors import OrgError

BASH_SECONDS, MOST_SECONDS, ORG_SECONDS, SEARCH_SECONDS = 120.0, 3600.0, 120.0, 30.0
MATCHES = 200
_TEXT, _COUNT = {"type": "string"}, {"type": "integer"}


def _tool(name: str, about: str, required: tuple[str, ...], **fields: Mapping[str, Any]) -> Tool:
    return Tool(name, about, {"type": "object", "properties": fields, "required": list(required)})


TOOLS = (
    _tool(
        "bash", "Run a command in your worktree. Each call is a new shell. What it leaves running is ended with it.",
        ("command",), command=_TEXT,
        seconds={"type": "number", "description": f"deadline, default {BASH_SECONDS:g}, at most {MOST_SECONDS:g}"},
    ),
    _tool(
        "read", "Read a text file with line numbers, or list a folder.", ("path",), path=_TEXT,
        first={**_COUNT, "description": "first line, from 1"}, count={**_COUNT, "description": "how many lines"},
    ),
    _tool(
        "edit", "Replace `old`, which must stand in the file exactly once, by `new`. With an empty `old`: create the file.",
        ("path", "old", "new"), path=_TEXT, old=_TEXT, new=_TEXT,
        everywhere={"type": "boolean", "description": "replace every place"},
    ),
    _tool(
        "search", "Lines that match a regular expression, as path:line:text.", ("pattern",), pattern=_TEXT,
        path={**_TEXT, "description": "file or folder, default the worktree"}, glob={**_TEXT, "description": "such as *.py"},
    ),
    _tool(
        "org", "A verb of the lab, such as [\"inbox\"] or [\"results\", \"--json\"]. `[\"--help\"]` lists them.", ("arguments",),
        arguments={"type": "array", "items": {"type": "string"}},
        seconds={"type": "number", "description": f"deadline, default {ORG_SECONDS:g}"},
    ),
)  # fmt: skip
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
}  # fmt: skip


@dataclass(slots=True)
class Toolbox:
    """org: the org program. environment: what commands see. python: for searching where ripgrep is missing.

    started is told of a command's process group when it runs; heard gets its output as it comes.
    """

    places: Places
    org: tuple[str, ...]
    python: str
    environment: Mapping[str, str]
    started: Callable[[Started], None] = lambda started: None
    heard: Callable[[str], None] = lambda text: None
    ripgrep: str | None = field(default_factory=lambda: shutil.which("rg"))

    async def run(self, call: Call) -> Result:
        """Do what a call asks."""
        tool = next((t for t in TOOLS if t.name == call.name), None)
        given = read_object(call.arguments)
        if tool is None or given is None:
            wrong = f"there is no tool {call.name}" if tool is None else "the arguments are no JSON object"
            return Result(call.id, f"{wrong}; the tools are {', '.join(t.name for t in TOOLS)}", failed=True)
        if problem := _problem(tool, given):
            return Result(call.id, f"{call.name}: {problem}", failed=True)
        try:
            return await self._run(call, given)
        except (OrgError, OSError, ValueError) as error:  # ValueError: a zero byte, half a character
            return Result(call.id, f"{call.name}: {quoting.clip(quoting.clean(str(error)), 2000)}", failed=True)

    async def _run(self, call: Call, given: dict[str, Any]) -> Result:
        match call.name:
            case "read":
                text = files.read(self.places, given["path"], given.get("first", 1), given.get("count", files.MOST_LINES))
                return Result(call.id, quoting.data(text, "read", path=given["path"]))
            case "edit":
                everywhere = bool(given.get("everywhere"))
                return Result(call.id, files.edit(self.places, given["path"], given["old"], given["new"], everywhere))
            case "search":
                return await self._search(call, given)
            case "org":
                words = [str(word) for word in given["arguments"]]
                return await self._command(call, (*self.org, *words), f"org {' '.join(words[:1])}", _limit(given, ORG_SECONDS))
            case _:
                shell = shutil.which("bash") or "sh"
                return await self._command(call, (shell, "-c", given["command"]), "bash", _limit(given, BASH_SECONDS))

    async def _command(self, call: Call, argv: tuple[str, ...], source: str, seconds: float) -> Result:
        def started(group: int, born: float) -> None:
            self.started(Started(call.id, group, born))

        ran = await process.run(
            argv, self.places.worktree, self.environment, seconds, started=started, heard=self.heard
        )  # fmt: skip
        told: dict[str, object] = {"exit": "none: its deadline passed, it was ended" if ran.code is None else ran.code}
        if ran.left:
            told["left_running"] = f"{ran.left} processes, ended"
        return Result(call.id, quoting.data(ran.output, source, **told, seconds=f"{ran.seconds:.1f}"), failed=ran.code != 0)

    async def _search(self, call: Call, given: dict[str, Any]) -> Result:
        real = self.places.readable(given.get("path") or ".")
        root = self.places.worktree.resolve()
        where = str(real.relative_to(root)) if real.is_relative_to(root) else str(real)
        ran = await process.run(self._search_argv(given, where), root, self.environment, SEARCH_SECONDS)
        rows = ran.output.splitlines()
        more = [f"[{len(rows) - MATCHES} more lines; narrow the pattern or the path]"] if len(rows) > MATCHES else []
        if ran.code is None:
            more.append(f"[ended after {SEARCH_SECONDS:g} s; narrow it]")
        found = "\n".join(rows[:MATCHES] + more) or "(no line matches)"
        return Result(call.id, quoting.data(found, "search", pattern=given["pattern"]), failed=ran.code not in (0, 1))

    def _search_argv(self, given: dict[str, Any], where: str) -> tuple[str, ...]:
        glob = (given["glob"],) if given.get("glob") else ()
        if self.ripgrep is None:
            return (self.python, "-I", "-S", str(Path(search.__file__)), given["pattern"], where, *glob)
        plain = ("--line-number", "--no-heading", "--with-filename", "--color=never", "--max-columns=300", "--no-config")
        return (self.ripgrep, *plain, *(("--glob", *glob) if glob else ()), "--regexp", given["pattern"], "--", where)


def _limit(given: dict[str, Any], default: float) -> float:
    return min(max(float(given.get("seconds") or default), 0.1), MOST_SECONDS)


def _problem(tool: Tool, given: dict[str, Any]) -> str | None:
    """What is wrong with the arguments, None when nothing is."""
    fields: Mapping[str, Any] = tool.parameters["properties"]
    if missing := [name for name in tool.parameters["required"] if name not in given]:
        return f"{', '.join(missing)} is missing"
    for name, value in given.items():
        if name not in fields:
            return f"there is no argument {name}; there are {', '.join(fields)}"
        kind = fields[name]["type"]
        if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
            return f"{name} has to be of type {kind}"
    return None
