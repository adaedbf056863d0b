"""What record.py recorded of the real program, and a watcher over it."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from seats import seat_in

from org.agents.claude import files
from org.agents.claude.backend import Claude
from org.agents.claude.hookrows import Row
from org.agents.claude.live import Live
from org.agents.claude.watcher import ClaudeWatcher

RECORDED = Path(__file__).parent / "recorded" / "2.1.329"
SCREENS = sorted(path.stem for path in (RECORDED / "screens").glob("*.txt"))
START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def screen_of(name: str) -> str:
    return (RECORDED / "screens" / f"{name}.txt").read_text()


def lines_of(name: str) -> list[bytes]:
    return (RECORDED / name).read_bytes().splitlines()


def never() -> str:
    raise AssertionError("the screen was looked at")


def replayed(folder: Path) -> ClaudeWatcher:
    """A watcher whose files are the recorded session's, of a program that still runs."""
    seat = seat_in(folder, backend="claude")
    hooks = "\n".join(line.decode() for line in lines_of("hooks.jsonl"))
    path = json.loads(lines_of("hooks.jsonl")[0])["event"]["transcript_path"]
    transcript = files.folder(seat) / "projects" / "-lab" / Path(path).name
    transcript.parent.mkdir(parents=True)
    transcript.write_bytes((RECORDED / "transcript.jsonl").read_bytes())
    seat.hooks.write_text(hooks.replace(path, str(transcript)) + "\n")
    files.sessions(seat).mkdir()
    told = {**json.loads((RECORDED / "session.json").read_text()), "pid": os.getpid(), "procStart": None}
    (files.sessions(seat) / f"{os.getpid()}.json").write_text(json.dumps(told))
    (seat.home / "status.json").write_bytes((RECORDED / "status.json").read_bytes())
    return Claude().watcher(seat)


def row(name: str, seconds: float = 0.0, session: str = "s", **event: object) -> Row:
    """A hook's row, so many seconds after START."""
    return Row(START + timedelta(seconds=seconds), name, session, {"hook_event_name": name, **event})


def alive(status: str, seconds: float, waiting_for: str = "") -> Live:
    """The session file of a program that lives."""
    return Live(1, "s", status, waiting_for, START + timedelta(seconds=seconds), True)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)
