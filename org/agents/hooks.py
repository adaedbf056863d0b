"""hooks.jsonl: where an agent's pane says what it does. One line is one write, so a reader never sees two mixed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from org.agents import tail
from org.model.agent import State

REPORTED = frozenset({State.STARTING, State.IDLE, State.WORKING, State.WAITING})
WORDS = 200  # characters that are kept of the last words


@dataclass(frozen=True, slots=True)
class Report:
    """One line: what the agent said of itself."""

    at: datetime
    agent: str
    state: State
    words: str


def append(path: Path, report: Report) -> None:
    """Add one line by one O_APPEND write."""
    words = " ".join(report.words.split())[:WORDS]
    write(path, {"at": stamp(report.at), "agent": report.agent, "state": report.state.value, "words": words})


def write(path: Path, row: Mapping[str, Any]) -> None:
    """Add one row of any kind by one O_APPEND write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
    finally:
        os.close(handle)


def stamp(at: datetime) -> str:
    """A time as rows have it."""
    return at.isoformat(timespec="milliseconds")


def read(path: Path, offset: int = 0) -> tuple[list[Report], int]:
    """The reports from byte offset on, and where to read next. A torn last line waits; a bad line is passed over."""
    lines, offset = tail.after(path, offset)
    parsed = (_parse(line) for line in lines)
    return [report for report in parsed if report is not None], offset


def _parse(line: bytes) -> Report | None:
    try:
        row = json.loads(line)
        return Report(datetime.fromisoformat(row["at"]), row["agent"], State(row["state"]), str(row["words"]))
    except (ValueError, KeyError, TypeError):
        return None
