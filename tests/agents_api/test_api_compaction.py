"""When the window is nearly full: a summary and the last steps take the conversation's place, the role stays."""

from api_agent import ROLE, lines, playing, seat
from models import ModelServer, Request, Script, Turn, say, shell

from org.agents.api.conversation import Answer, Prompt, Stop, Text, Tokens, TurnEnd
from org.agents.api.summary import recent

ARGS = ("--window", "10000")


def summarized(request: Request) -> Turn:
    """The answer to the order to summarize; it is a side request."""
    return say("I widened model.py and measured 0.993.", input_tokens=500) if "summary now" in request.prompt else say("?")


async def test_a_full_window_is_summarized_and_the_role_is_given_again(tmp_path, provider):
    turns = [shell("echo FIRST-STEP", input_tokens=100), shell("echo second", input_tokens=8100), say("Going on."), say("later")]
    with ModelServer(Script({"default": turns}), aside=summarized) as server:
        at = seat(tmp_path, provider, server, args=ARGS)
        async with playing(at) as played:
            await played.until(lambda: "Going on." in played.face.text)
            await played.idle()
            assert len(played.usage) == 4  # the summarizing call counts too
        (order,) = server.sides()
        after = server.turns()[2]
        assert ROLE in order.system and ROLE in after.system
        assert order.tools == after.tools  # the same beginning: read from the cache
        assert after.prompts[0].startswith("ORG-0: the conversation before this was cut") and len(after.prompts) == 1
        assert "measured 0.993" in after.prompt and "[call] bash" in after.prompt and "second" in after.prompt
        assert server.strays == []
        async with playing(at) as again:  # and so after a restart
            again.agent.person("Still there?")
            await again.until(lambda: "later" in again.face.text)
    assert server.turns()[3].prompts[0].startswith("ORG-0: the conversation before this was cut")
    assert len(lines(at)) > 8  # nothing of the transcript is deleted


async def test_a_conversation_that_the_server_finds_too_long_is_summarized_from_its_shortened_text(tmp_path, provider):
    def answer(request: Request) -> Turn:
        if len(server.turns()) == 2:
            return Turn("prompt is too long: 12000 tokens > 10000 maximum", status=400, error="invalid_request_error")
        return shell("echo one") if len(server.turns()) == 1 else say("Going on.")

    with ModelServer(answer, aside=summarized) as server:
        async with playing(seat(tmp_path, provider, server, args=ARGS)) as played:
            await played.until(lambda: "Going on." in played.face.text)
    (order,) = server.sides()
    assert len(order.prompts) == 1 and "[asked] ORG-0: your pane has started" in order.prompt and "echo one" in order.prompt


async def test_a_window_too_small_even_for_the_summary_ends_the_turn_with_the_way_out(tmp_path, provider):
    too_long = Turn("prompt is too long", status=400, error="invalid_request_error")
    with ModelServer(lambda request: too_long, aside=summarized) as server:
        async with playing(seat(tmp_path, provider, server)) as played:
            await played.until(lambda: "--window" in played.state().reason)
            await played.until(lambda: not played.agent.working)
    assert server.strays == []


async def test_an_interrupt_while_it_summarizes_leaves_the_conversation_as_it_was(tmp_path, provider):
    def slow(request: Request) -> Turn:
        return say("A slow summary of it all. " * 9, seconds=20, input_tokens=9)

    turns = [shell("echo one", input_tokens=100), shell("echo two", input_tokens=9000), say("x", input_tokens=10)]
    with ModelServer(Script({"default": turns}), aside=slow) as server:
        async with playing(seat(tmp_path, provider, server, args=ARGS)) as played:
            await played.until(lambda: "slow summary" in "".join(played.face.streamed))
            played.agent.interrupt()
            await played.idle()
            conversation = played.agent.desk.conversation
            assert conversation.last_end is TurnEnd.INTERRUPTED and "slow summary" not in str(conversation.items)


def test_the_last_steps_that_stay_fit_and_end_with_the_last():
    items = [Prompt(str(n), None, f"step {n} " + "x" * 900) for n in range(20)]
    text = recent(items, most=3000)
    assert "step 19" in text and "step 16" not in text and len(text) < 3100
    answer = Answer("a", None, "m", (Text("  "), Text("said")), Stop.END, Tokens())
    assert recent([answer]) == "said"
