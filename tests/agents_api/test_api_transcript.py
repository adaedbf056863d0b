"""The transcript: whatever a death tore, the conversation that comes out of it is valid for both protocols."""

import itertools
import json
from datetime import UTC, datetime

import pytest
from api_agent import lines, playing, seat
from models import Call as ScriptedCall
from models import ModelServer, Script, Shell, Turn, parse_messages, parse_responses, say, shell

from org.agents.api import messages, play, responses, rows
from org.agents.api.agent import GO_ON
from org.agents.api.conversation import Answer, Call, Opaque, Prompt, Queued, Result, Started, Stop, Summary, Text, Tokens
from org.agents.api.transcript import Transcript
from org.model.errors import OrgError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLS = (ScriptedCall("read", {"path": "model.py"}), Shell("echo one"), ScriptedCall("fly", {}))


async def test_a_death_at_any_line_leaves_a_valid_conversation_and_counts_every_call_once(tmp_path, provider):
    script = Script({"default": [Turn("Three.", CALLS, thinking="hm"), shell("echo two"), say("Done."), say("Typed.")]})
    with ModelServer(script) as server:
        at = seat(tmp_path, provider, server)
        async with playing(at) as played:
            await played.until(lambda: "Done." in played.face.text)
            await played.idle()
            played.agent.person("And a question.")
            await played.until(lambda: "Typed." in played.face.text)
            await played.idle()
    whole = (at.home / play.CONVERSATION).read_bytes()
    hooks = at.hooks.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    torn = [whole[:cut] for end in ends for cut in (end, end - 1, end - 7)]
    lost = [whole[:begin] + whole[end:] for begin, end in itertools.pairwise(ends)]  # a line torn by an earlier death
    for left in [b"{", *torn, *lost]:
        (at.home / play.CONVERSATION).write_bytes(left)
        at.hooks.write_bytes(hooks)
        items = await recovered(at)
        parse_messages.parse({"messages": messages.messages((*items, prompt("go on")), "m")})
        parse_responses.parse({"input": responses.inputs((*items, prompt("go on")), "m")})
        keys = [row["usage"]["key"] for row in rows.read(at.hooks)[0] if "usage" in row]
        assert len(keys) == len(set(keys)) == 4


async def recovered(at):
    """The conversation as the next life takes it up; it makes no call."""
    (at.home / play.ALLOWANCE).write_text('{"stop": "a test"}')
    async with playing(at) as again:
        assert not again.agent.desk.conversation.open_calls()
        return tuple(again.agent.desk.conversation.items)


def prompt(text: str) -> Prompt:
    return Prompt(text, NOW, text)


async def test_a_torn_last_line_is_told_passed_over_and_never_glued_to_the_next(tmp_path, provider):
    with ModelServer(Script({"default": [say("One."), say("Two.")]})) as server:
        at = seat(tmp_path, provider, server)
        async with playing(at) as played:
            await played.idle()
        with (at.home / play.CONVERSATION).open("ab") as file:
            file.write(b'{"v": 1, "kind": "prompt", "id": "x", "te')
        async with playing(at) as again:
            assert "a line was torn and is passed over" in again.face.text
            again.agent.person("Next?")
            await again.until(lambda: "Two." in again.face.text)
        assert server.strays == [] and server.turns()[1].prompt == "Next?"
    kinds = [row["kind"] for row in lines(at)]
    assert kinds == ["began", "prompt", "answer", "ended", "queued", "prompt", "answer", "ended"]


async def test_a_death_between_transcript_and_rows_loses_neither_usage_nor_a_persons_prompt(tmp_path, provider):
    with ModelServer(Script({"default": [say("One.", input_tokens=70)]})) as server:
        at = seat(tmp_path, provider, server)
        async with playing(at) as played:
            await played.idle()
        at.hooks.unlink()
        Transcript(at.home / play.CONVERSATION).append(Queued("typed-1", NOW, "Was I heard?"))
        at.hold.touch()
        async with playing(at) as again:
            assert [used.input_tokens for used in again.usage] == [70]
            assert "Was I heard?" in again.prompts
            await again.until(lambda: len(server.turns()) == 2)
            await again.idle()
        async with playing(at) as third:
            assert len(third.usage) == 2 and third.prompts.count("Was I heard?") == 1
    assert server.turns()[1].prompt == "Was I heard?"


async def test_an_unfinished_turn_goes_on_unless_a_person_has_the_agent(tmp_path, provider):
    with ModelServer(Script({"default": [say("Going on.")]})) as server:
        at = seat(tmp_path, provider, server)
        transcript = Transcript(at.home / play.CONVERSATION)
        transcript.begin("s-1")
        transcript.append(prompt("Do it."))
        at.hold.touch()
        async with playing(at) as played:
            await played.until(lambda: played.state().state == "idle")
            assert server.requests == []
            at.hold.unlink()
            await played.until(lambda: "Going on." in played.face.text)
    assert server.turns()[0].prompts == ("Do it.", GO_ON)


def test_every_kind_of_item_survives_the_disk(tmp_path):
    answer = Answer(
        "a1",
        NOW,
        "m",
        (Opaque("anthropic", "m", "{}"), Text("ünï\u2028"), Call("c", "bash", "{}")),
        Stop.CALLS,
        Tokens(1, 2, 3, 4),
    )
    items = [prompt("p"), answer, Started("c", 7, 1.5), Queued("q", NOW, "typed")]
    transcript = Transcript(tmp_path / "t.jsonl")
    transcript.begin("s")
    for item in items:
        transcript.append(item)
    found = transcript.read()
    assert found.everything == tuple(items) and found.conversation.session == "s"
    assert [call.id for call in found.conversation.open_calls()] == ["c"] and found.conversation.queued == [items[-1]]
    transcript.append(Summary("sum", "recent", answer))
    assert transcript.read().conversation.items == [Summary("sum", "recent", answer)]


def test_a_transcript_of_another_version_is_not_guessed_at(tmp_path):
    (tmp_path / "t.jsonl").write_text(json.dumps({"v": 99, "kind": "began", "session": "s"}) + "\n")
    with pytest.raises(OrgError, match="another version"):
        Transcript(tmp_path / "t.jsonl").read()
    assert Transcript(tmp_path / "none.jsonl").read() is None


def test_keys_are_concealed_and_signed_blocks_stay_as_they_are(tmp_path):
    key = "sk-ant-" + "a1B2c3D4" * 4
    told = json.dumps({"command": "export K=-----BEGIN PRIVATE KEY-----\nabc"})
    blocks = (Text(f"I use {key}."), Call("c1", "bash", told), Opaque("anthropic", "m", json.dumps({"signature": key})))
    transcript = Transcript(tmp_path / "t.jsonl")
    transcript.begin("s")
    transcript.append(prompt(f"The key is {key}"))
    transcript.append(Answer("a1", NOW, "m", blocks, Stop.CALLS))
    transcript.append(Result("c1", f"K={key}"))
    text, call, opaque = transcript.read().everything[1].blocks
    assert text.text == "I use [secret]." and json.loads(opaque.data) == {"signature": key}
    assert json.loads(call.arguments) == {"command": "export K=[secret]"}, "still JSON"
    lines = (tmp_path / "t.jsonl").read_text()
    assert lines.count(key) == 1 and "The key is [secret]" in lines and "K=[secret]" in lines
