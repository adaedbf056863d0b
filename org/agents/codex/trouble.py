"""How a failed turn becomes a cause, a time and a clause.

Codex records `error: {message, codex_error_info}`; the info is a name, or {name: {http_status_code}}. The end of a usage
limit stands in the rate limits that came with the answer, else only in the message, in the machine's local time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from org.model.agent import Cause, State

LONGEST = timedelta(days=32)  # no limit lasts longer; a later time is misread
_AGAIN = re.compile(
    r"try again at (?:(?P<day>[A-Z][a-z]{2} \d{1,2})(?:st|nd|rd|th), (?P<year>\d{4}) )?(?P<clock>\d{1,2}:\d\d [AP]M)", re.I
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """state: IDLE when the next prompt may do better, WAITING when the next one meets the same."""

    state: State
    cause: Cause
    reason: str
    until: datetime | None = None


def read(error: Mapping[str, Any], limits: Mapping[str, Any], at: datetime) -> Trouble:
    """error: of task_complete. limits: the newest rate_limits of the session. at: when the turn ended, aware."""
    name, status = _kind(error.get("codex_error_info"))
    message = " ".join(str(error.get("message", "")).split())
    reason = message[:160] or name or "the turn failed"
    if name == "usage_limit_exceeded" or status == 429:
        return Trouble(State.WAITING, Cause.RATE_LIMIT, reason, _window_end(limits, at) or again_at(message, at))
    if status in (401, 403) or name == "unauthorized":
        return Trouble(State.WAITING, Cause.LOGIN, reason)
    if name == "context_window_exceeded":
        return Trouble(State.IDLE, Cause.CONTEXT, reason)
    return Trouble(State.WAITING, Cause.API_ERROR, reason)


def again_at(message: str, at: datetime) -> datetime | None:
    """The time in `try again at 5:44 AM` or `… at Nov 22nd, 2026 5:44 AM`, the end of that minute; None: it has none."""
    found = _AGAIN.search(message)
    if found is None:
        return None
    here = at.astimezone()
    day = f"{found['day']} {found['year']}" if found["day"] else f"{here:%b %d %Y}"
    told = datetime.strptime(f"{day} {found['clock'].upper()}", "%b %d %Y %I:%M %p").astimezone()
    if not found["day"] and told < here - timedelta(minutes=1):
        told += timedelta(days=1)
    return _plausible(told + timedelta(minutes=1), at)


def _window_end(limits: Mapping[str, Any], at: datetime) -> datetime | None:
    """When the last of the used-up windows opens again."""
    windows = [w for w in (limits.get("primary"), limits.get("secondary")) if isinstance(w, Mapping)]
    ends = [w["resets_at"] for w in windows if w.get("used_percent", 0) >= 100 and w.get("resets_at")]
    return _plausible(datetime.fromtimestamp(max(ends), UTC), at) if ends else None


def _plausible(until: datetime, at: datetime) -> datetime | None:
    return until.astimezone(UTC) if at <= until <= at + LONGEST else None


def _kind(info: object) -> tuple[str, int | None]:
    """The error's name, and the HTTP status when one stands beside it."""
    if not isinstance(info, Mapping) or len(info) != 1:
        return str(info or ""), None
    ((name, detail),) = info.items()
    status = detail.get("http_status_code") if isinstance(detail, Mapping) else None
    return str(name), status if isinstance(status, int) else None
