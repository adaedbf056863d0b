"""The settings that Claude Code is started with (--settings): hooks, tools it must not have, nothing that asks.

They stand in a file of their own and not in its configuration folder, so that a `claude -p` which the agent runs itself
has none of these hooks: what that one is asked is no prompt of the agent.
"""

import shlex
from pathlib import Path
from typing import Any

from org.agents import guard, hook, waker
from org.agents.backend import Seat
from org.agents.claude import statusline
from org.agents.claude.login import Login

REPORTED = (
    "SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionRequest",
    "Notification", "Stop", "StopFailure", "SubagentStop", "PreCompact", "SessionEnd",
)  # fmt: skip
# With the two of a turn's ends alone nobody would wait after an interrupted turn, which has no end.
WAKING = ("SessionStart", "UserPromptSubmit", "Stop")
FORGOTTEN = "compact|clear"  # after these the conversation does not hold the role as it is now
# An agent asks a person with `org ask`, and its branch and worktree are the lab's.
WITHHELD = ("AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "EnterWorktree", "ExitWorktree", "CronCreate")
TIMEOUT_S = 20
WAITS_S = 14 * 24 * 3600  # the program ends a hook after this; its timers hold 24 days
STATUS = "status.json"


def settings(seat: Seat, login: Login, sessions: Path) -> dict[str, Any]:
    """All of it. sessions: the folder with the session files of this agent's program."""
    made: dict[str, Any] = {
        "hooks": hooks(seat, sessions),
        "permissions": {"deny": list(WITHHELD)},
        "skipDangerousModePermissionPrompt": True,
        "disableAgentView": True,  # its key would send the session away from the pane
        "promptSuggestionEnabled": False,  # it would look like a draft
        "spinnerTipsEnabled": False,
        "cleanupPeriodDays": 365,
        "attribution": {"commit": "", "pr": ""},  # the author of a commit is the agent
        "statusLine": {"type": "command", "command": _alone(seat, statusline.__file__, *_status_line(seat))},
    }
    if login.helper:
        made["apiKeyHelper"] = login.helper
    return made


def hooks(seat: Seat, sessions: Path) -> dict[str, Any]:
    """Every event is told, tool calls pass the guard, a waiter waits for mail, and the role is given again."""
    table: dict[str, list[dict[str, Any]]] = {}
    for event in REPORTED:
        table[event] = [{"hooks": [_command(_alone(seat, hook.__file__, seat.hooks, seat.agent))]}]
    closed = (seat.root, seat.mailbox.parent, seat.worktree.parent)
    table["PreToolUse"][0]["hooks"].append(_command(_alone(seat, guard.__file__, seat.worktree, *closed)))
    waiter = _command(f"exec {_alone(seat, waker.__file__, seat.wake, seat.hold, sessions)}", WAITS_S)
    for event in WAKING:
        table[event][0]["hooks"].append({**waiter, "asyncRewake": True})
    table["SessionStart"].append({"matcher": FORGOTTEN, "hooks": [_command(shlex.join(["cat", str(seat.prompt)]))]})
    return table


def _status_line(seat: Seat) -> tuple[Path, Path, str]:
    return seat.home / STATUS, seat.mailbox / "new", seat.agent


def _alone(seat: Seat, program: str, *arguments: object) -> str:
    return shlex.join([seat.python, "-I", "-S", program, *map(str, arguments)])


def _command(line: str, timeout_s: int = TIMEOUT_S) -> dict[str, Any]:
    return {"type": "command", "command": line, "timeout": timeout_s}
