"""Ctrl-C at any moment: the stream or the command ends, the conversation stays valid and goes on."""

from api_agent import lives, playing, seat
from models import ModelServer, Script, Turn, say
from models.turn import Shell

from org.model.agent import Cause, State


async def test_an_interrupted_stream_keeps_what_was_said_and_hangs_up(tmp_path, provider):
    turns = [say("One two three four five six seven eight nine ten. " * 4, seconds=20), say("Then this.")]
    with ModelServer(Script({"default": turns})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.until(lambda: "two" in "".join(played.face.streamed))
            assert played.agent.interrupt() and not played.agent.interrupt()
            idle = await played.idle()
            assert (idle.state, idle.cause) == (State.IDLE, Cause.INTERRUPTED)
            server.until(lambda s: s.turns()[0].aborted)
            played.agent.person("Shorter, please.")
            await played.until(lambda: "Then this." in played.face.text)
    assert server.strays == [] and server.turns()[1].prompt == "Shorter, please."
    said = str(server.turns()[1].body)
    assert "One two" in said and said.count("nine ten") < 4
    if provider == "anthropic":  # it tells the tokens of the question at once
        assert played.usage[0].input_tokens > 100


async def test_an_interrupted_command_is_ended_with_all_its_children_and_every_call_gets_a_result(tmp_path, provider):
    calls = (Shell("echo begun; sleep 300 & echo $! > child; sleep 300"), Shell("touch never"))
    with ModelServer(Script({"default": [Turn("", calls), say("Well.")]})) as server:
        at = seat(tmp_path, provider, server)
        async with playing(at) as played:
            child = int(await played.until(lambda: (at.worktree / "child").exists() and (at.worktree / "child").read_text()))
            assert lives(child)
            played.agent.interrupt()
            await played.idle()
            assert not lives(child)
            played.agent.person("Go on.")
            await played.until(lambda: "Well." in played.face.text)
    assert not (at.worktree / "never").exists() and server.strays == []
    results = server.turns()[1].results
    assert len(results) == 2 and all("interrupted" in result.text for result in results)


async def test_an_interrupt_ends_a_wait_for_the_provider(tmp_path, provider):
    with ModelServer(Script({"default": [Turn("no", status=500, error="api_error"), say("Here.")]})) as server:
        at = seat(tmp_path, provider, server)
        (at.home / "allowance.json").write_text('{"stop": "dollars are spent"}')
        async with playing(at) as played:
            await played.until(lambda: played.state().state is State.WAITING)
            played.agent.interrupt()
            assert (await played.idle()).cause is Cause.INTERRUPTED
            assert server.turns() == []


async def test_nothing_to_interrupt_is_no_error(tmp_path, provider):
    with ModelServer(Script({"default": [say("Hm.")]})) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.idle()
            assert played.agent.interrupt() is False
