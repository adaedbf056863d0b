"""The status line of Claude Code: `python -I -S statusline.py STATUS_FILE NEW_MAIL AGENT`, its state as JSON on stdin.

Prints one line: the agent, its unread letters, how full its context is. Keeps what it was told in STATUS_FILE, written
beside and renamed: the only place where the program tells the size of its context window and the end of a usage limit.
Imports nothing of org: it runs in a worktree, with the standard library only.
"""

import json
import os
import sys

KEPT = ("session_id", "version", "model", "context_window", "rate_limits", "cost")


def main(arguments: list[str]) -> int:
    """Keep and print; always 0."""
    try:
        file, mail, agent = arguments
        told = json.loads(sys.stdin.buffer.read() or b"{}")
        keep(file, {key: told[key] for key in KEPT if key in told})
        print(line(agent, unread(mail), (told.get("context_window") or {}).get("used_percentage")))
    except Exception as error:  # told, never in the way
        print(f"org status line: {error}", file=sys.stderr)
    return 0


def keep(file: str, told: dict) -> None:  # type: ignore[type-arg]
    """Replace the file in one step."""
    beside = f"{file}.{os.getpid()}"
    with open(beside, "w", encoding="utf-8") as out:
        json.dump(told, out)
    os.replace(beside, file)


def unread(mail: str) -> int:
    """Letters in a mailbox's new/."""
    try:
        return sum(not entry.name.startswith(".") for entry in os.scandir(mail))
    except FileNotFoundError:
        return 0


def line(agent: str, letters: int, percent: float | None) -> str:
    """`junior-1 · 2 new letters · context 43 %`"""
    parts = [agent]
    if letters:
        parts.append(f"{letters} new letter{'' if letters == 1 else 's'}")
    if percent is not None:
        parts.append(f"context {percent:.0f} %")
    return " · ".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
