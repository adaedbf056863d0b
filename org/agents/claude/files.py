"""What is put into an agent's home before its pane starts. Nothing is put into its worktree or the person's ~/.claude.

The program may run meanwhile and writes the same .claude.json, so that file is written only when something lacks in it.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from org.agents.backend import Seat
from org.agents.claude.login import Login
from org.agents.claude.settings import settings
from org.store import atomic

TRUSTED = {"hasTrustDialogAccepted": True, "hasClaudeMdExternalIncludesWarningShown": True}


def folder(seat: Seat) -> Path:
    """The agent's CLAUDE_CONFIG_DIR."""
    return seat.home / "claude"


def sessions(seat: Seat) -> Path:
    """Where running programs say what they do."""
    return folder(seat) / "sessions"


def settings_file(seat: Seat) -> Path:
    """What --settings names."""
    return seat.home / "settings.json"


def put(seat: Seat, login: Login, now: datetime) -> None:
    """Write or renew everything."""
    folder(seat).mkdir(parents=True, exist_ok=True, mode=0o700)
    seat.hooks.parent.mkdir(parents=True, exist_ok=True)
    _put_settings(seat, login)
    path = folder(seat) / ".claude.json"
    known = _read(path, now)
    wanted = answered(known, login, places(seat))
    if wanted != known:
        atomic.write_text(path, json.dumps(wanted, indent=2) + "\n")


def answered(known: dict[str, Any], login: Login, trusted: list[str]) -> dict[str, Any]:
    """.claude.json with an answer to everything that the program asks before its first prompt; nothing else changed."""
    projects = dict(known.get("projects") or {})
    for place in trusted:
        projects[place] = {"hasClaudeMdExternalIncludesApproved": False, **projects.get(place, {}), **TRUSTED}
    wanted = {**known, "hasCompletedOnboarding": True, "resumeReturnDismissed": True, "projects": projects}
    if login.approved:
        told = known.get("customApiKeyResponses") or {}
        approved, rejected = list(told.get("approved") or []), list(told.get("rejected") or [])
        wanted["customApiKeyResponses"] = {
            "approved": approved if login.approved in approved else [*approved, login.approved],
            "rejected": [key for key in rejected if key != login.approved],
        }
    return wanted


def places(seat: Seat) -> list[str]:
    """The paths under which trust is looked up: the main worktree's for a linked one, as given and as they really are."""
    return list(dict.fromkeys(str(form) for path in (seat.root, seat.worktree) for form in _forms(path)))


def _forms(path: Path) -> Iterator[Path]:
    yield path.absolute()
    yield path.resolve()


def _put_settings(seat: Seat, login: Login) -> None:
    text = json.dumps(settings(seat, login, sessions(seat)), indent=1) + "\n"
    path = settings_file(seat)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        atomic.write_text(path, text)


def _read(path: Path, now: datetime) -> dict[str, Any]:
    """What is there. A file that cannot be read is put aside, as the program itself would do after asking."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(known, dict):
            return known
    except FileNotFoundError:
        return {}
    except ValueError:
        pass
    os.replace(path, path.with_name(f"{path.name}.unreadable-{now:%Y%m%dT%H%M%S}"))
    return {}
