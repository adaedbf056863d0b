"""The hook of a coding agent's program: `python -I -S hook.py HOOKS_FILE AGENT`, the event as JSON on stdin.

Appends one JSON line by one write and ends with status 0, whatever comes: a hook that fails would stop the agent. Keys in
what agents and people say are concealed before anything is written; where that cannot be done nothing is written.
Imports nothing of org: it runs in a worktree, with the standard library only, many times a minute. The one file of org that
it needs, which needs the standard library only as well, is loaded by its place beside this one.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

LONGEST = 2000  # characters that are kept of any text
KEPT = (
    "session_id", "hook_event_name", "transcript_path", "cwd", "source", "prompt", "tool_name", "tool_use_id",
    "notification_type", "message", "error", "reason", "last_assistant_message", "stop_hook_active", "trigger",
    "turn_id", "model", "permission_mode",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    try:
        file, agent = arguments
        payload = json.loads(sys.stdin.buffer.read() or b"{}")
        row = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "agent": agent}
        conceal = concealing()
        append(file, {**row, "event": {key: _short(payload[key], conceal) for key in KEPT if key in payload}})
    except Exception as error:  # told, never in the way
        print(f"org hook: {error}", file=sys.stderr)
    return 0


def append(file: str, row: dict) -> None:  # type: ignore[type-arg]
    """One O_APPEND write: lines of several hooks at once never mix."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    finally:
        os.close(handle)


def concealing() -> Callable[[str], str]:
    """`conceal` of org/store/secrets.py."""
    place = Path(__file__).resolve().parents[1] / "store" / "secrets.py"
    spec = importlib.util.spec_from_file_location("org_store_secrets", place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    conceal: Callable[[str], str] = module.conceal
    return conceal


def _short(value: object, conceal: Callable[[str], str]) -> object:
    """Concealed first: a key that is cut in two is not recognized any more."""
    return conceal(value)[:LONGEST] if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
