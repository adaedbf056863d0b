"""What is put into an agent's CODEX_HOME before its pane starts. Nothing is put into its worktree.

The role is linked, not copied: Codex reads AGENTS.md before every turn and tells its model when it has changed. The
login is linked too, because a login that was renewed for one agent is the old one for all copies.
"""

import os
import shlex
from pathlib import Path
from typing import Any

import tomlkit

from org.agents import guard, hook
from org.agents.backend import Seat
from org.agents.codex import settings
from org.agents.codex.login import REMEMBERED, find, persons_config
from org.store import atomic

EVENTS = (
    "SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PermissionRequest", "Stop", "Interrupt",
    "PreCompact", "PostCompact", "SessionEnd",
)  # fmt: skip
HURRIED = ("Interrupt", "SessionEnd")  # Codex allows these 3 seconds and warns of more
TIMEOUT_S, HURRIED_TIMEOUT_S = 20, 3


def home(seat: Seat) -> Path:
    """The agent's CODEX_HOME."""
    return seat.home / "codex"


def put(seat: Seat) -> None:
    """Write or renew everything. ConfigError when the person's config.toml cannot be read."""
    folder = home(seat)
    folder.mkdir(parents=True, exist_ok=True)
    if named := seat.environment.get("CODEX_HOME"):
        atomic.write_text(seat.home / REMEMBERED, named + "\n")
    person = persons_config(seat)
    atomic.write_text(folder / "config.toml", tomlkit.dumps(settings.merged(person, seat)))
    atomic.write_json(folder / "hooks.json", hooks(seat))
    _link(folder / "AGENTS.md", seat.prompt)
    login = find(seat, person)
    if login.file is not None:
        _link(folder / "auth.json", login.file)


def hooks(seat: Seat) -> dict[str, Any]:
    """hooks.json: every event is reported, and shell commands pass the guard."""
    report = shlex.join([seat.python, "-I", "-S", hook.__file__, str(seat.hooks), seat.agent])
    table: dict[str, Any] = {}
    for event in EVENTS:
        timeout = HURRIED_TIMEOUT_S if event in HURRIED else TIMEOUT_S
        table[event] = [{"hooks": [{"type": "command", "command": report, "timeout": timeout}]}]
    check = shlex.join([seat.python, "-I", "-S", guard.__file__, str(seat.worktree)])
    table["PreToolUse"].append({"matcher": "Bash", "hooks": [{"type": "command", "command": check, "timeout": TIMEOUT_S}]})
    return {"hooks": table}


def _link(link: Path, target: Path) -> None:
    """Make link point to target, replacing what stood there in one step."""
    target = target.absolute()
    if link.is_symlink() and Path(os.readlink(link)) == target:
        return
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    os.replace(beside, link)
