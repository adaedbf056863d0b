"""What each protocol is given beyond plain messages: caches, context editing, thinking that goes back as it came."""

from api_agent import playing, seat
from models import ModelServer, Script, Turn, say
from models.turn import Call

THINKING = Turn("Look.", (Call("read", {"path": "model.py"}),), thinking="The width first.")


async def test_messages_are_cached_old_results_are_cleared_and_thinking_is_sent_back(tmp_path):
    with ModelServer(Script({"default": [THINKING, say("Seen.")]})) as server:
        async with playing(seat(tmp_path, "anthropic", server)) as played:
            await played.idle()
    asked = server.turns()[1]
    body = asked.body
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert str(body["messages"]).count("cache_control") == 1
    assert body["context_management"]["edits"][0]["type"] == "clear_tool_uses_20250919"
    assert "context-management" in asked.headers["anthropic-beta"]
    said = body["messages"][1]["content"]
    assert said[0] == {"type": "thinking", "thinking": "The width first.", "signature": "signed-16"}
    assert [block["type"] for block in said] == ["thinking", "text", "tool_use"]


async def test_responses_store_nothing_and_get_their_reasoning_back(tmp_path):
    with ModelServer(Script({"default": [THINKING, say("Seen.")]})) as server:
        async with playing(seat(tmp_path, "openai", server)) as played:
            await played.idle()
            session = played.agent.desk.conversation.session
    body = server.turns()[1].body
    assert body["store"] is False and body["prompt_cache_key"] == session
    kinds = [item.get("type", item.get("role")) for item in body["input"]]
    assert kinds == ["user", "reasoning", "assistant", "function_call", "function_call_output"]
    assert body["input"][1]["encrypted_content"] == "sealed-16"


async def test_another_provider_goes_on_with_the_same_conversation(tmp_path):
    with ModelServer(Script({"default": [THINKING, say("Seen.")]})) as server:
        async with playing(seat(tmp_path, "anthropic", server)) as played:
            await played.idle()
    with ModelServer(Script({"default": [say("I know it.")]})) as server:
        async with playing(seat(tmp_path, "openai", server)) as played:
            played.agent.person("What did you see?")
            await played.until(lambda: "I know it." in played.face.text)
    body = server.turns()[0].body
    assert server.strays == [] and "width = 64" in str(body["input"]) and "signed-16" not in str(body)
