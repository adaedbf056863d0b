"""A backend around tiny_tui.py, for what the office does whatever the program is."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.observation import NOTHING_NEW, Composer, Observation, Prompt
from org.model.agent import Cause, State

PROGRAM = Path(__file__).with_name("tiny_tui.py")


@dataclass
class TinyWatcher:
    seat: Seat
    offset: int = 0

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        if not self.seat.hooks.exists():
            return NOTHING_NEW
        data = self.seat.hooks.read_bytes()[self.offset :]
        self.offset += len(data)
        rows = [json.loads(line) for line in data.splitlines()]
        if not rows:
            dialog = "Allow this command?" in screen()
            return Observation(state=State.WAITING, cause=Cause.PERMISSION) if dialog else NOTHING_NEW
        at = [datetime.fromisoformat(row["at"]) for row in rows]
        events = [row["event"] for row in rows]
        state = State.WORKING if events[-1]["hook_event_name"] in ("UserPromptSubmit", "Queued") else State.IDLE
        told = [(t, e) for t, e in zip(at, events, strict=True) if e["hook_event_name"] == "UserPromptSubmit"]
        queued = tuple(e["prompt"] for e in events if e["hook_event_name"] == "Queued")
        return Observation(state=state, heard_at=at[-1], prompts=tuple(Prompt(t, e["prompt"]) for t, e in told), queued=queued)


@dataclass(frozen=True)
class TinyBackend:
    name: str = "tiny"
    nudging: Nudging = Nudging.TYPED
    arguments: tuple[str, ...] = ()

    def check(self, seat: Seat) -> list[str]:
        return []

    def prepare(self, seat: Seat) -> None:
        seat.hooks.parent.mkdir(parents=True, exist_ok=True)

    def pane_command(self, seat: Seat) -> PaneCommand:
        argv = (sys.executable, "-I", "-S", str(PROGRAM), str(seat.hooks), seat.agent, *self.arguments)
        return PaneCommand(argv, seat.worktree)

    def watcher(self, seat: Seat) -> TinyWatcher:
        return TinyWatcher(seat)

    def composer(self, screen: str) -> Composer:
        if "Allow this command?" in screen:
            return Composer.DIALOG
        found = re.search(r"^box> ?(.*)$", screen, re.M)
        if found is None:
            return Composer.UNKNOWN
        return Composer.DRAFT if found[1].strip() else Composer.EMPTY

    def close(self, screen: str) -> str | None:
        return None

    def stash(self) -> str | None:
        return "C-s"
