"""The scripted server against both SDKs: what they stream is what the script says, and what they asked is recorded."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import anthropic
import openai
import pytest

from models import Call, ModelServer, Script, Turn, call, overloaded, rate_limited, say, shell

BASH = {"name": "bash", "description": "runs", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
FUNCTION = {"type": "function", "name": "bash", "parameters": BASH["input_schema"], "strict": False}
ASK = [{"role": "user", "content": "Look around."}]


def messages(server: ModelServer, key: str = "k") -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key=key, base_url=server.url, max_retries=0)


def responses(server: ModelServer, key: str = "k") -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=server.openai_url, max_retries=0)


def streamed(client: anthropic.Anthropic, **more) -> anthropic.types.Message:
    with client.messages.stream(model="m", max_tokens=100, messages=ASK, tools=[BASH], **more) as stream:
        return stream.get_final_message()


def test_messages_stream_text_and_several_calls() -> None:
    turn = Turn("Two looks.", (Call("bash", {"command": "ls"}), Call("bash", {"command": "pwd"})), input_tokens=77)
    with ModelServer(lambda request: turn) as server:
        told = streamed(messages(server), system="You are junior-1.", extra_headers={"x-claude-code-session-id": "s1"})
    assert [block.type for block in told.content] == ["text", "tool_use", "tool_use"]
    assert told.content[2].input == {"command": "pwd"} and told.stop_reason == "tool_use"
    assert told.usage.input_tokens == 77
    (asked,) = server.turns("s1")
    assert (asked.prompt, asked.system, asked.tools) == ("Look around.", "You are junior-1.", ("bash",))


def test_responses_stream_text_and_calls() -> None:
    turn = Turn("Looking.", (Call("bash", {"command": "ls"}),), input_tokens=7, cache_read_tokens=5)
    with ModelServer(lambda request: turn) as server:
        asked = {"model": "m", "input": "Look.", "instructions": "role", "tools": [FUNCTION]}
        with responses(server).responses.stream(**asked, extra_headers={"thread-id": "t"}) as stream:
            told = stream.get_final_response()
        whole = responses(server).responses.create(**asked)
    assert told.output_text == "Looking." and json.loads(told.output[1].arguments) == {"command": "ls"}
    assert told.usage.input_tokens == 12 and told.usage.input_tokens_details.cached_tokens == 5
    assert whole.output_text == "Looking." and server.turns("t")[0].system == "role"


def test_each_agent_plays_its_own_script_and_side_requests_take_no_turn() -> None:
    script = Script({"default": [say("one"), say("two")]}, then=say("over"))
    with ModelServer(script) as server:
        first, second = messages(server, "a"), messages(server, "b")
        aside = first.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "A title?"}])
        told = [streamed(c).content[0].text for c in (first, second, first, first)]
    assert told == ["one", "one", "two", "over"]
    assert "title" in aside.content[0].text and [r.side for r in server.requests] == [True, False, False, False, False]


def test_a_rate_limit_says_when_and_an_overload_is_an_error() -> None:
    with ModelServer(Script({"default": [rate_limited(7, anthropic_ratelimit_tokens_reset="x"), overloaded()]})) as server:
        with pytest.raises(anthropic.RateLimitError) as limited:
            streamed(messages(server))
        with pytest.raises(anthropic.APIStatusError) as over:
            streamed(messages(server))
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.response.headers["anthropic-ratelimit-tokens-reset"] == "x"
    assert over.value.status_code == 529


def test_a_refused_key_gets_401_in_both_protocols() -> None:
    with ModelServer(refuse_keys=frozenset({"bad"})) as server:
        with pytest.raises(anthropic.AuthenticationError):
            streamed(messages(server, "bad"))
        with pytest.raises(openai.AuthenticationError):
            responses(server, "bad").responses.create(model="m", input="x", tools=[FUNCTION])


def test_a_call_without_its_result_is_refused_as_the_real_servers_do() -> None:
    use = {"type": "tool_use", "id": "t1", "name": "bash", "input": {}}
    torn = [*ASK, {"role": "assistant", "content": [use]}, {"role": "user", "content": "Go on."}]
    with ModelServer() as server:
        with pytest.raises(anthropic.BadRequestError, match="without `tool_result`"):
            messages(server).messages.create(model="m", max_tokens=9, messages=torn, tools=[BASH])
        with pytest.raises(openai.BadRequestError, match="No tool output"):
            responses(server).responses.create(
                model="m", input=[{"type": "function_call", "call_id": "c", "name": "x", "arguments": "{}"}]
            )


def test_a_stream_that_breaks_and_one_that_is_left() -> None:
    script = Script(
        {"default": [say("w " * 40, cut=True), say("w " * 40, break_with="overloaded_error"), say("w " * 900, seconds=30)]}
    )
    with ModelServer(script) as server:
        with pytest.raises(Exception, match=r"incomplete chunked read|peer closed"):
            streamed(messages(server))
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            streamed(messages(server))
        with messages(server).messages.stream(model="m", max_tokens=9, messages=ASK, tools=[BASH]) as stream:
            next(stream.text_stream)
        server.until(lambda s: s.requests[2].aborted)


def test_tokens_are_counted_and_results_recorded() -> None:
    use = {"type": "tool_use", "id": "t1", "name": "bash", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "a.txt", "is_error": True}
    talk = [
        *ASK,
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result, {"type": "text", "text": "And?"}]},
    ]
    with ModelServer() as server:
        counted = messages(server).messages.count_tokens(model="m", messages=talk)
        messages(server).messages.create(model="m", max_tokens=9, messages=talk, tools=[BASH])
    assert counted.input_tokens > 10
    (asked,) = server.turns()
    assert asked.results[0].text == "a.txt" and asked.results[0].failed and asked.prompts == ("Look around.", "And?")


def test_a_shell_step_takes_the_name_that_the_program_has_for_it() -> None:
    step = shell("ls").calls[0]
    assert step.as_call(("Read", "Bash")).name == "Bash" and step.as_call(("exec_command",)).input == {"cmd": "ls"}
    assert call("edit", path="a") == Turn(calls=(Call("edit", {"path": "a"}),))
    with pytest.raises(LookupError, match="offers no shell: Read"):
        step.as_call(("Read",))


SCRIPT = """
who: 'You are ([a-z0-9-]+)'
scripts:
  junior-1:
    - repeat: 2
      steps: [{say: hello}]
    - {status: 429, retry_after: 3}
then: {say: over}
"""


def test_the_program_serves_a_yaml_script_and_keeps_a_record(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SCRIPT)
    command = [sys.executable, str(Path(__file__).parent / "serve.py"), str(tmp_path / "s.yaml"), "--record", str(tmp_path / "r")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        url = json.loads(child.stdout.readline())["anthropic"]
        client = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
        told = [streamed(client, system="You are junior-1.").content[0].text for _ in range(2)]
        with pytest.raises(anthropic.RateLimitError):
            streamed(client, system="You are junior-1.")
        assert urllib.request.urlopen(f"{url}/v1/models").status == 200
        child.terminate()
    assert told == ["hello", "hello"]
