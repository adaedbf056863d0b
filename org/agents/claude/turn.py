"""Hooks and session file as one state. The hooks say what happened and why; the session file says what is now, also where
no hook is run: after Escape, after an answered dialog, when a queued prompt begins a turn. The later one of both is right.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from org.agents.claude.hookrows import Row
from org.agents.claude.live import Live
from org.model.agent import Cause, State

SETTLED = timedelta(seconds=1.5)  # a hook that belongs to a change of the session file is told by then
LAGGING = timedelta(seconds=3)
AFTER_ERROR = timedelta(minutes=2)  # then an agent whose provider failed is idle like any other
WORK = frozenset({"UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure"})
QUESTIONS = frozenset({"AskUserQuestion", "ExitPlanMode", "EnterPlanMode"})
LOGGED_OUT = frozenset({"authentication_failed", "oauth_org_not_allowed", "cloud_credential_error"})
FOR_A_PERSON = frozenset({"billing_error", "account_on_hold", "verification_required", "model_not_found"})
ENDED_ALL_THE_SAME = frozenset({"max_output_tokens"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with its reason."""

    state: State | None
    cause: Cause = Cause.NONE
    reason: str = ""


@dataclass(slots=True)
class Turn:
    """What the hooks told so far. is_open: a prompt was taken up and its end was not told."""

    standing: Standing = Standing(None)
    at: datetime | None = None
    is_open: bool = False
    words: str = ""
    failed_at: datetime | None = None

    def hear(self, row: Row) -> None:
        """Take in one row."""
        standing = self._standing(row)
        if standing is not None:
            self.standing, self.at = standing, row.at
            self.is_open = standing.state is State.WORKING or (self.is_open and row.name in ("PermissionRequest", "Notification"))
        if row.name in ("Stop", "StopFailure"):
            self.words = row.text("last_assistant_message") or self.words
        if row.name == "StopFailure":
            self.failed_at = row.at

    def _standing(self, row: Row) -> Standing | None:
        match row.name:
            case "SessionStart" if row.text("source") != "compact":
                return Standing(State.IDLE)
            case "PermissionRequest" if row.text("tool_name") in QUESTIONS:
                return Standing(State.WAITING, Cause.PERSON, "asks a question")
            case "PermissionRequest":
                return Standing(State.WAITING, Cause.PERMISSION, f"asks whether {row.text('tool_name') or 'a tool'} may run")
            case "Notification" if row.text("notification_type") == "elicitation_dialog":
                return Standing(State.WAITING, Cause.PERSON, "asks a question")
            case "Stop":
                return Standing(State.IDLE)
            case "StopFailure":
                return failure(row.text("error"), row.text("last_assistant_message"))
            case "SessionEnd" if row.text("reason") != "clear":
                return Standing(None)
        return Standing(State.WORKING) if row.name in WORK else None

    def now(self, live: Live | None, now: datetime) -> Standing:
        """The state. live: the session file of its conversation, None when there is none. state None: nothing tells it."""
        if live is None or self.at is None or not live.alive:
            gone = live is not None and not live.alive
            return Standing(None) if gone else self._told(now)
        match live.status:
            case "busy":
                return self._busy(live, now)
            case "idle":
                return self._idle(live, now)
            case "waiting":
                return self._waiting(live, now)
        return self._told(now)

    def _told(self, now: datetime) -> Standing:
        """What the hooks say alone."""
        if self.standing.cause is Cause.API_ERROR and self.at is not None and now - self.at > AFTER_ERROR:
            return Standing(State.IDLE, Cause.API_ERROR, self.standing.reason)
        return self.standing

    def _busy(self, live: Live, now: datetime) -> Standing:
        assert self.at is not None
        if self.standing.state is not State.WORKING and (live.since > self.at or now - self.at > LAGGING):
            return Standing(State.WORKING)
        return self._told(now)

    def _idle(self, live: Live, now: datetime) -> Standing:
        """Idle without the hook of a turn's end: somebody pressed Escape."""
        assert self.at is not None
        answers = self.standing.cause in (Cause.PERMISSION, Cause.PERSON)
        if self.standing.state is not State.WORKING and not (answers and self.is_open):
            return self._told(now)
        after = live.since if live.since > self.at else self.at + LAGGING - SETTLED
        if now - after < SETTLED:
            return Standing(None)
        return Standing(State.IDLE, Cause.INTERRUPTED if self.is_open else Cause.NONE)

    def _waiting(self, live: Live, now: datetime) -> Standing:
        assert self.at is not None
        known = self.standing.cause in (Cause.PERMISSION, Cause.PERSON)
        if known or (live.since <= self.at and now - self.at < SETTLED):
            return self._told(now)
        cause = Cause.PERMISSION if "permission" in live.waiting_for else Cause.PERSON
        return Standing(State.WAITING, cause, f"waits: {live.waiting_for or 'a dialog is open'}")


def failure(error: str, said: str) -> Standing:
    """What a turn that ended with an error leaves. error: as the StopFailure hook names it."""
    reason = " ".join(said.split())[:120] or error
    if error in ENDED_ALL_THE_SAME:
        return Standing(State.IDLE, Cause.NONE, reason)
    cause = Cause.API_ERROR
    if error == "rate_limit":
        cause = Cause.RATE_LIMIT
    elif error in LOGGED_OUT:
        cause = Cause.LOGIN
    elif error in FOR_A_PERSON:
        cause = Cause.PERSON
    return Standing(State.WAITING, cause, reason)
