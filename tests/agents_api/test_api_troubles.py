"""What the provider may refuse: the agent waits as it is told, says so, spends nothing twice, and goes on by itself."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from api_agent import playing, seat
from models import ModelServer, Request, Script, Turn, overloaded, rate_limited, say, shell

from org.agents.api import play, trouble
from org.agents.api.options import Options
from org.agents.api.trouble import Failure, Passing, Refused, TooLong
from org.model.agent import Cause, State
from org.model.errors import ConfigError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_a_rate_limit_is_shown_with_its_end_and_the_turn_goes_on_after_it(tmp_path, provider):
    with ModelServer(Script({"default": [rate_limited(2), say("Late, but here.")]})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            played.agent.person("")  # a key before the wait does not end it
            waiting = await played.until(lambda: (s := played.state()).state is State.WAITING and s)
            assert waiting.cause is Cause.RATE_LIMIT and waiting.until > waiting.heard_at + timedelta(seconds=1.5)
            assert waiting.reason.startswith("rate limit: 429") and "{" not in waiting.reason, "words, not JSON"
            await played.until(lambda: "Late, but here." in played.face.text)
            assert (await played.idle()).until is None
    first, second = server.turns()
    assert (second.at - first.at).total_seconds() >= 2 and len(played.usage) == 1


async def test_a_person_at_the_pane_ends_the_wait(tmp_path, provider):
    with ModelServer(Script({"default": [rate_limited(3600), say("At once.")]})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.until(lambda: played.state().cause is Cause.RATE_LIMIT)
            played.agent.person("")
            await played.until(lambda: "At once." in played.face.text)
            assert played.prompts[0].startswith("ORG-0") and len(played.prompts) == 1  # an empty line is no prompt


async def test_an_overloaded_provider_and_a_broken_stream_are_asked_again(tmp_path, provider):
    broken = say("half a word " * 9, cut=True, input_tokens=70)
    turns = [
        overloaded(),
        broken,
        say("half " * 9, break_with="overloaded_error", input_tokens=70),
        say("Whole.", input_tokens=70),
    ]
    with ModelServer(Script({"default": turns})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.until(lambda: played.state().cause is Cause.API_ERROR)
            for number in (2, 3, 4):
                played.agent.person("")
                await played.until(lambda n=number: len(server.turns()) == n)
            await played.until(lambda: "Whole." in played.face.text)
            await played.idle()
            # What the provider counted before it broke is counted, where it says so at the beginning.
            assert [u.input_tokens for u in played.usage] == [70] * (3 if provider == "anthropic" else 1)
    assert server.strays == [] and "half" not in str([r.body for r in server.turns()])


async def test_a_refused_key_is_a_login_and_never_asked_in_a_hurry(tmp_path, provider):
    with ModelServer(refuse_keys=frozenset({"test-key-1234"})) as server:
        at = seat(tmp_path, provider, server)
        async with playing(at) as played:
            waiting = await played.until(lambda: (s := played.state()).state is State.WAITING and s)
            assert waiting.cause is Cause.LOGIN and waiting.until > waiting.heard_at + timedelta(minutes=9)
            assert "401" in waiting.reason and len(server.turns()) == 1
    assert "test-key-1234" not in (at.home / play.CONVERSATION).read_text() + at.hooks.read_text()


async def test_a_request_that_is_refused_for_good_ends_the_turn_and_says_so(tmp_path, provider):
    refused = Turn("model: no such model", status=404, error="not_found_error")
    with ModelServer(Script({"default": [refused, refused, say("Better.")]})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            waiting = await played.until(lambda: (s := played.state()).state is State.WAITING and s)
            assert waiting.cause is Cause.API_ERROR and "no such model" in waiting.reason
            await played.until(lambda: not played.agent.working)
            played.agent.person("Again.")
            await played.until(lambda: "Better." in played.face.text)


async def test_a_server_that_knows_less_is_asked_without_it_from_then_on(tmp_path, provider):
    def answer(request: Request) -> Turn:
        if "context_management" in request.body or "include" in request.body:
            return Turn("extra inputs are not permitted", status=400, error="invalid_request_error")
        return shell("true") if len(server.turns()) < 3 else say("Plain.")

    with ModelServer(answer) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.until(lambda: "Plain." in played.face.text)
    assert [request.status for request in server.turns()] == [400, 200, 200]


async def test_a_spent_allowance_forbids_the_call_and_its_end_allows_it(tmp_path, provider):
    with ModelServer(Script({"default": [say("Thanks.")]})) as server:
        at = seat(tmp_path, provider, server)
        (at.home / play.ALLOWANCE).write_text('{"stop": "limits.dollars: $20.00 of $20.00 are spent"}')
        async with playing(at) as played:
            waiting = await played.until(lambda: (s := played.state()).state is State.WAITING and s)
            assert waiting.reason == "limits.dollars: $20.00 of $20.00 are spent" and "$20.00" in played.face.text
            assert server.requests == []
            (at.home / play.ALLOWANCE).unlink()
            await played.until(lambda: "Thanks." in played.face.text)


async def test_a_torn_allowance_file_forbids_rather_than_allows(tmp_path, provider):
    with ModelServer() as server:
        at = seat(tmp_path, provider, server)
        (at.home / play.ALLOWANCE).write_text('{"stop": ')
        async with playing(at) as played:
            await played.until(lambda: "allowance.json cannot be read" in played.state().reason)


def test_a_missing_key_is_one_line_with_the_way_out(tmp_path, provider):
    with ModelServer() as server:
        at = seat(tmp_path, provider, server, key_env="LAB_KEY")
    with pytest.raises(ConfigError) as error:
        play.run(at, lambda used: None)
    assert str(error.value).startswith("agent junior-1: LAB_KEY is not set: export it") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Mon, 02 Mar 2026 09:01:00 GMT"}, 60),
        ({"anthropic-ratelimit-tokens-remaining": "0", "anthropic-ratelimit-tokens-reset": "2026-03-02T09:00:30Z"}, 30),
        ({"anthropic-ratelimit-tokens-remaining": "5", "anthropic-ratelimit-tokens-reset": "2026-03-02T09:00:30Z"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h0m0s"}, 3600),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_end_of_a_limit_is_read_from_the_headers(headers, seconds):
    told = trouble.told_seconds(headers, NOW)
    assert told == (None if seconds is None else pytest.approx(seconds))


def test_waits_double_to_five_minutes_differ_by_chance_and_are_never_shorter_than_told():
    waits = [[trouble.wait_seconds(Passing(Cause.API_ERROR, ""), n, Random(seed)) for n in (1, 2, 9, 99)] for seed in range(9)]
    for first, second, late, last in waits:
        assert 1 <= first <= 1.5 and 2 <= second <= 2.5 and 256 <= late <= 310 and 300 <= last <= 360
    assert len({wait[0] for wait in waits}) == 9
    limited = Passing(Cause.RATE_LIMIT, "", 3600)
    assert all(3600 <= trouble.wait_seconds(limited, 1, Random(seed)) <= 3660 for seed in range(9))
    assert trouble.wait_seconds(Passing(Cause.RATE_LIMIT, "", 1e9), 1, Random(1)) < 7 * 3600
    assert trouble.wait_seconds(Passing(Cause.RATE_LIMIT, "", -5), 1, Random(1)) < 1


@pytest.mark.parametrize(
    ("failure", "kind", "cause"),
    [
        (Failure(429, "rate_limit_error", "x", {}), Passing, Cause.RATE_LIMIT),
        (Failure(0, "rate_limit_exceeded", "x", {}), Passing, Cause.RATE_LIMIT),
        (Failure(403, "permission_error", "x", {}), Passing, Cause.LOGIN),
        (Failure(529, "overloaded_error", "x", {}), Passing, Cause.API_ERROR),
        (Failure(0, "overloaded_error", "x", {}), Passing, Cause.API_ERROR),
        (Failure(400, "invalid_request_error", "prompt is too long: 210000 tokens", {}), TooLong, None),
        (Failure(400, "context_length_exceeded", "x", {}), TooLong, None),
        (Failure(422, "", "unknown field", {}), Refused, None),
    ],
)
def test_failures_are_told_apart(failure, kind, cause):
    found = trouble.of(failure, NOW)
    assert type(found) is kind and getattr(found, "cause", None) is cause


def test_an_unknown_argument_of_the_entry_names_the_known_ones(tmp_path):
    from org.agents.api import options
    from org.config import AgentConfig

    entry = AgentConfig(role="junior", backend="api", args=("--windows", "5"))
    with pytest.raises(ConfigError, match="--window TOKENS"):
        options.read(entry)
    assert options.read(AgentConfig(role="junior", backend="api", provider="openai")) == Options(
        "openai", "gpt-6.1-sol", "OPENAI_API_KEY"
    )
