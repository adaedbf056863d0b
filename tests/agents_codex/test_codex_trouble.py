"""A failed turn becomes a cause and a time."""

from datetime import UTC, datetime, timedelta

import pytest

from org.agents.codex import trouble
from org.model.agent import Cause, State

AT = datetime(2026, 11, 21, 5, 52, 50, tzinfo=UTC)
MESSAGE = "You’ve hit your usage limit. Visit https://chatgpt.com/settings/usage to purchase more credits or try again at {}."


@pytest.mark.parametrize(
    ("info", "state", "cause"),
    [
        ("usage_limit_exceeded", State.WAITING, Cause.RATE_LIMIT),
        ({"response_too_many_failed_attempts": {"http_status_code": 429}}, State.WAITING, Cause.RATE_LIMIT),
        ({"http_connection_failed": {"http_status_code": 401}}, State.WAITING, Cause.LOGIN),
        ("unauthorized", State.WAITING, Cause.LOGIN),
        ("context_window_exceeded", State.IDLE, Cause.CONTEXT),
        ({"response_stream_disconnected": {"http_status_code": None}}, State.WAITING, Cause.API_ERROR),
        ("other", State.WAITING, Cause.API_ERROR),
        (None, State.WAITING, Cause.API_ERROR),
    ],
)
def test_an_error_of_codex_has_a_cause(info, state, cause):
    met = trouble.read({"message": "why", "codex_error_info": info}, {}, AT)
    assert (met.state, met.cause, met.reason) == (state, cause, "why")


def local(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").astimezone()


def test_a_clock_time_is_the_next_one_on_this_machine():
    here = AT.astimezone()
    soon = here + timedelta(hours=2)
    told = trouble.again_at(MESSAGE.format(f"{soon:%-I:%M %p}"), AT)
    assert told is not None and timedelta(0) <= told - soon <= timedelta(minutes=1)
    past = here - timedelta(hours=2)
    told = trouble.again_at(MESSAGE.format(f"{past:%-I:%M %p}"), AT)
    assert told is not None and timedelta(0) <= told - (past + timedelta(days=1)) <= timedelta(minutes=1)


def test_a_day_is_read_too():
    told = trouble.again_at(MESSAGE.format("Nov 22nd, 2026 6:52 AM"), AT)
    assert told == (local("2026-11-22 06:52") + timedelta(minutes=1)).astimezone(UTC)


@pytest.mark.parametrize("text", ["later", "Nov 22nd, 2099 6:52 AM"])
def test_no_time_or_one_that_cannot_be_is_none(text):
    assert trouble.again_at(MESSAGE.format(text), AT) is None


def test_the_last_used_up_window_says_when_work_goes_on():
    end = int((AT + timedelta(hours=3)).timestamp())
    limits = {"primary": {"used_percent": 100.0, "resets_at": end}, "secondary": {"used_percent": 40.0, "resets_at": end + 9000}}
    met = trouble.read({"codex_error_info": "usage_limit_exceeded", "message": "no time here"}, limits, AT)
    assert met.until == AT + timedelta(hours=3)
