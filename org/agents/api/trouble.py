"""What can go wrong between the agent and a provider, and how long it waits then."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from org.model.agent import Cause
from org.model.errors import OrgError

FIRST_SECONDS, MOST_SECONDS = 1.0, 300.0  # of the back-off when the provider names no time
LONGEST_SECONDS = 6 * 3600.0  # that a provider's own time is believed
REFUSED_SECONDS = 600.0  # between tries with a key that is refused
JITTER = 0.2  # share of the wait that is added by chance, so that many agents do not come back at once
SHORTEST_JITTER_SECONDS = 0.5
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


class Trouble(OrgError):
    """A provider gave no answer."""


class TooLong(Trouble):
    """The conversation does not fit the model's window."""


class Refused(Trouble):
    """The request itself is not accepted: asking again changes nothing."""


class Passing(Trouble):
    """Worth another try later. cause: what the agent waits for. seconds: that the provider told, None when it did not."""

    def __init__(self, cause: Cause, text: str, seconds: float | None = None) -> None:
        super().__init__(text)
        self.cause = cause
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a provider says it. status: of HTTP, 0 without an answer. kind: its own word for it."""

    status: int
    kind: str
    text: str
    headers: Mapping[str, str]


LIMITS = ("rate_limit_error", "rate_limit_exceeded", "insufficient_quota", "usage_limit_reached")
KEYS = ("authentication_error", "permission_error", "invalid_api_key", "billing_error")
LENGTHS = ("context_length_exceeded", "prompt is too long", "maximum context length", "context window", "request_too_large")
LINE = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "h11", "anyio", "ssl"})  # packages below the SDKs
REFUSALS = frozenset({400, 404, 405, 409, 413, 422})


def of(failure: Failure, now: datetime) -> Trouble:
    """The trouble that a failure is."""
    text = " ".join(f"{failure.status or 'no answer'}: {failure.text}".split())[:300]
    said = f"{failure.kind} {failure.text}".lower()
    if failure.status == 429 or failure.kind in LIMITS:
        return Passing(Cause.RATE_LIMIT, text, told_seconds(failure.headers, now))
    if failure.status in (401, 402, 403) or failure.kind in KEYS:
        return Passing(Cause.LOGIN, text, REFUSED_SECONDS)
    if failure.status in REFUSALS or failure.kind == "invalid_request_error":
        return TooLong(text) if any(word in said for word in LENGTHS) else Refused(text)
    return Passing(Cause.API_ERROR, text, told_seconds(failure.headers, now))


def of_line(error: Exception) -> Passing | None:
    """The trouble that an error below the protocol is: a connection that breaks in a stream, an answer that cannot be read
    (ValueError: a tool call's JSON). None: it is a bug of ours."""
    if isinstance(error, OSError | ValueError) or type(error).__module__.split(".")[0] in LINE:
        return Passing(Cause.API_ERROR, f"the answer broke off: {error or type(error).__name__}")
    return None


def wait_seconds(trouble: Passing, attempt: int, chance: Random) -> float:
    """How long to wait before try number attempt + 1 (attempt counts from 1): the provider's time, else doubling from a
    second to five minutes; never less than the provider's time, and a little more by chance."""
    told = trouble.seconds
    plain = min(FIRST_SECONDS * 2.0 ** min(attempt - 1, 20), MOST_SECONDS)
    base = plain if told is None else min(max(told, 0.0), LONGEST_SECONDS)
    return base + chance.random() * max(JITTER * min(base, MOST_SECONDS), SHORTEST_JITTER_SECONDS)


def told_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a provider's limit is over, as its headers tell (names in lower case); None when they do not."""
    if "retry-after-ms" in headers:
        return _number(headers["retry-after-ms"], 1e-3)
    if "retry-after" in headers:
        return _number(headers["retry-after"], 1.0) if _is_number(headers["retry-after"]) else _date(headers["retry-after"], now)
    spent = [name for name in headers if name.endswith("-remaining") and headers[name] == "0"]
    resets = [headers[reset] for name in spent if (reset := f"{name.removesuffix('-remaining')}-reset") in headers]
    resets += [
        headers[f"x-ratelimit-reset-{what}"]
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0" and f"x-ratelimit-reset-{what}" in headers
    ]
    known = [seconds for seconds in (_reset(value, now) for value in resets) if seconds is not None]
    return max(known) if known else None


def _reset(value: str, now: datetime) -> float | None:
    """A reset as RFC 3339 time, as seconds since the epoch, or as a duration such as 6m0s."""
    if _is_number(value):
        seconds = float(value)
        return seconds - now.timestamp() if seconds > 1e8 else seconds
    if (found := _DURATION.fullmatch(value)) and value:
        hours, minutes, seconds_, ms = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds_ + ms / 1000
    try:
        return (datetime.fromisoformat(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value.strip()) is not None


def _number(value: str, unit: float) -> float | None:
    return float(value) * unit if _is_number(value) else None


def _date(value: str, now: datetime) -> float | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
