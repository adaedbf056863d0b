"""Follows one agent's Claude Code: hooks first, session file and transcript second, the screen where these tell nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from org.agents.backend import Seat
from org.agents.claude import files, hookrows, live, screen, transcript
from org.agents.claude.hookrows import Row
from org.agents.claude.live import Live
from org.agents.claude.prompts import Prompts
from org.agents.claude.settings import STATUS
from org.agents.claude.spending import Spending
from org.agents.claude.transcript import Refused
from org.agents.claude.turn import Standing, Turn
from org.agents.observation import Composer, Observation, Prompt
from org.agents.tail import Tail
from org.model.agent import Cause, State

NEARLY_FULL = 0.9
UNKNOWN_AFTER = timedelta(seconds=20)  # a start that shows nothing known
SILENT = timedelta(seconds=8)  # in a turn; then the screen is asked whether the provider is
BEFORE_START = timedelta(seconds=5)  # a conversation's first rows are older than the hook of its start
WORDS = 200


@dataclass(slots=True)
class ClaudeWatcher:
    """Keeps where it read and what a turn is made of; a new one reads the files again and tells old prompts again."""

    seat: Seat
    spending: Spending
    hooks: Tail
    turn: Turn = field(default_factory=Turn)
    prompts: Prompts = field(default_factory=Prompts)
    told: Tail | None = None  # the transcript
    since: datetime | None = None  # older rows of it were told, or are another conversation's
    session: str | None = None
    refused: Refused | None = None
    heard_at: datetime | None = None
    dark_since: datetime | None = None
    looked: bool = False

    def look(self, capture: Callable[[], str], now: datetime) -> Observation:
        """What is new since the last look."""
        rows = [row for line in self.hooks.lines() if (row := hookrows.parse(line)) is not None]
        for row in rows:
            self._hear(row)
        prompts, queued = self.prompts.take(rows, self._transcript(), now)
        usage = self.spending.take(now)
        running = live.of(live.read(files.sessions(self.seat)), self.session) if self.session else None
        self._live_sign(running)
        self.looked = True
        standing = self._standing(running, capture, now)
        context = self._context()
        if context is not None and context >= NEARLY_FULL and standing.cause is Cause.NONE and standing.state in (
            State.IDLE, State.WORKING,
        ):  # fmt: skip
            standing = Standing(standing.state, Cause.CONTEXT, f"{context:.0%} of its context is in use")
        return Observation(
            standing.state, standing.cause, self._until() if standing.cause is Cause.RATE_LIMIT else None, standing.reason,
            self.turn.words[:WORDS], self.session, context, self.heard_at,
            tuple(Prompt(p.at, p.text, self.session or "") for p in prompts), queued, usage,
        )  # fmt: skip

    def _hear(self, row: Row) -> None:
        if row.name == "SessionStart" or self.session is None:
            self._follow(row)
        if row.session == self.session:
            self.turn.hear(row)
            self.heard_at = row.at

    def _follow(self, row: Row) -> None:
        """Go over to the conversation that the pane has now."""
        path = Path(row.text("transcript_path"))
        if self.told is None or self.told.path != path:
            self.told = Tail(path)
            self.since = row.at - BEFORE_START if self.looked else None
        self.session = row.session

    def _transcript(self) -> list[transcript.Event]:
        found = [event for line in (self.told.lines() if self.told else ()) if (event := transcript.parse(line)) is not None]
        events = []
        for event in found:
            at = getattr(event, "at", None)
            if at is None or self.since is None or at > self.since:
                events.append(event)
        self.refused = next((e for e in reversed(events) if isinstance(e, Refused)), self.refused)
        return events

    def _live_sign(self, running: Live | None) -> None:
        times = [self.heard_at, running.since if running is not None and running.alive else None]
        if self.told is not None and self.told.path.exists():
            times.append(datetime.fromtimestamp(self.told.path.stat().st_mtime, UTC))
        self.heard_at = max((at for at in times if at is not None), default=None)

    def _standing(self, running: Live | None, capture: Callable[[], str], now: datetime) -> Standing:
        standing = self.turn.now(running, now)
        if standing.state is None and (running is None or not running.alive):
            return self._in_the_dark(capture(), now)
        self.dark_since = None
        silent = self.heard_at is not None and now - self.heard_at > SILENT
        if standing.state is State.WORKING and silent and screen.retries(capture()):
            return Standing(State.WAITING, Cause.API_ERROR, "its provider does not answer; it asks again by itself")
        if standing.state is State.WAITING and standing.cause is Cause.PERSON:
            asked = screen.dialog(capture())
            return standing if asked is None else Standing(State.WAITING, asked.cause, asked.reason)
        return standing

    def _in_the_dark(self, shown: str, now: datetime) -> Standing:
        """Neither hooks nor files tell anything: the program starts, or asks what it asks before its hooks run."""
        self.dark_since = self.dark_since or now
        if (asked := screen.dialog(shown)) is not None:
            return Standing(State.WAITING, asked.cause, asked.reason)
        if shown.strip() and now - self.dark_since > UNKNOWN_AFTER and screen.composer(shown) is Composer.UNKNOWN:
            return Standing(State.WAITING, Cause.UNKNOWN, "nothing known is on its screen")
        return Standing(None)

    def _context(self) -> float | None:
        """The share of the model's window in use; None before the first answer."""
        window = self._status().get("context_window") or {}
        used, size = window.get("total_input_tokens"), window.get("context_window_size")
        if not isinstance(used, int) or not isinstance(size, int) or size <= 0:
            return None
        return used / size

    def _until(self) -> datetime | None:
        """When the usage limit ends: as the refusal said, else as the status line was told."""
        failed = self.turn.failed_at
        if self.refused is not None and self.refused.until is not None and failed is not None:
            return self.refused.until if self.refused.at > failed - timedelta(minutes=1) else None
        full = [w for w in (self._status().get("rate_limits") or {}).values() if (w.get("used_percentage") or 0) >= 100]
        ends = [datetime.fromtimestamp(w["resets_at"], UTC) for w in full if w.get("resets_at")]
        return max(ends, default=None)

    def _status(self) -> dict[str, Any]:
        """What the status line was told last, if it was this conversation's."""
        try:
            told = json.loads((self.seat.home / STATUS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        mine = isinstance(told, dict) and told.get("session_id") == self.session
        return told if mine else {}


def watcher(seat: Seat) -> ClaudeWatcher:
    """A new one, which reads everything from its beginning."""
    return ClaudeWatcher(seat, Spending(files.folder(seat), seat.agent), Tail(seat.hooks))
