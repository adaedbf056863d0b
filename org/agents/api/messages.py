"""The one door to the anthropic SDK: the Messages protocol, streamed.

The role and the conversation so far are cached by the provider. Old tool results are cleared on its side where it can
(context editing); a server that refuses what it does not know is asked without it from then on.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import anthropic

from org.agents.api.conversation import Answer, Block, Call, Item, Opaque, Prompt, Result, Stop, Summary, Text, Tokens
from org.agents.api.model import Ask, Extras, Heard, read_object, sendable
from org.agents.api.options import Options
from org.agents.api.summary import as_prompt
from org.agents.api.trouble import Failure, Passing, of, of_line
from org.model.agent import Cause

PROVIDER = "anthropic"
STOPS = {
    "tool_use": Stop.CALLS,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "refusal": Stop.DECLINED,
}
EDITING_BETA = "context-management-2025-06-27"
KEPT_TOOL_USES = 8
CACHED = {"type": "ephemeral"}
SILENT_SECONDS = 180.0  # a stream that sends nothing, not even a ping, for so long is broken


class Messages:
    """A model behind the Messages protocol."""

    provider = PROVIDER

    def __init__(self, options: Options, key: str) -> None:
        self.name = options.model
        self._options = options
        self._edits = Extras()
        timeout = anthropic.Timeout(SILENT_SECONDS, connect=15.0)
        self._client = anthropic.AsyncAnthropic(api_key=key, base_url=options.base_url, max_retries=0, timeout=timeout)

    async def answer(self, ask: Ask, heard: Heard) -> Answer:
        """One answer."""
        return await self._edits.answer(lambda edits: self._once(ask, heard, edits))

    async def close(self) -> None:
        await self._client.close()

    async def _once(self, ask: Ask, heard: Heard, edits: bool) -> Answer:
        with _translated():
            async with self._client.messages.stream(**self._request(ask), **self._extra(ask, edits)) as stream:
                async for event in stream:
                    if event.type == "message_start":
                        heard.id, heard.model = event.message.id, event.message.model
                        heard.tokens = _tokens(event.message.usage)
                    elif event.type == "text":
                        heard.say(event.text)
                message = await stream.get_final_message()
        if message.stop_reason is None:
            raise Passing(Cause.API_ERROR, "the stream ended before the answer did")
        return _answer(message, self.name)

    def _request(self, ask: Ask) -> dict[str, Any]:
        return {
            "model": self.name,
            "max_tokens": self._options.most_output,
            "system": [{"type": "text", "text": ask.system, "cache_control": CACHED}],
            "messages": messages(ask.items, self.name),
            "tools": [{"name": t.name, "description": t.about, "input_schema": dict(t.parameters)} for t in ask.tools],
            "tool_choice": {"type": "auto" if ask.may_call else "none"},
        }

    def _extra(self, ask: Ask, edits: bool) -> dict[str, Any]:
        """Context editing: from half of the window on, old tool results go, if that frees a tenth of it."""
        if not edits or not ask.may_call:
            return {}
        window = self._options.window
        edit = {
            "type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": window // 2},
            "keep": {"type": "tool_uses", "value": KEPT_TOOL_USES},
            "clear_at_least": {"type": "input_tokens", "value": window // 10},
        }  # fmt: skip
        return {
            "extra_headers": {"anthropic-beta": EDITING_BETA},
            "extra_body": {"context_management": {"edits": [edit]}},
        }


def messages(items: Sequence[Item], model: str) -> list[dict[str, Any]]:
    """The items as this protocol's messages: neighbours of one role joined, the last block marked for the cache."""
    made: list[dict[str, Any]] = []
    for item in items:
        role, blocks = _blocks(item, model)
        if blocks and made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        elif blocks:
            made.append({"role": role, "content": blocks})
    if made:
        made[-1]["content"][-1] = {**made[-1]["content"][-1], "cache_control": CACHED}
    return made


def _blocks(item: Item, model: str) -> tuple[str, list[dict[str, Any]]]:
    match item:
        case Prompt(text=text) if text.strip():
            return "user", [{"type": "text", "text": text}]
        case Summary():
            return "user", [{"type": "text", "text": as_prompt(item)}]
        case Result(call, text, failed):
            content = [{"type": "text", "text": text or "(nothing)"}]
            return "user", [{"type": "tool_result", "tool_use_id": call, "content": content, "is_error": failed}]
        case Answer():
            said = [made for block in item.blocks if (made := _block(block, model))]
            return "assistant", said if any(b["type"] in ("text", "tool_use") for b in said) else []
        case _:
            return "user", []


def _block(block: Block, model: str) -> dict[str, Any] | None:
    match block:
        case Text(text):
            return {"type": "text", "text": text} if text.strip() else None
        case Call(id, name, arguments):
            return {"type": "tool_use", "id": id, "name": name, "input": read_object(arguments) or {}}
        case Opaque(provider, of_model, data) if (provider, of_model) == (PROVIDER, model):
            return dict(json.loads(data))
        case _:
            return None


def _answer(message: Any, asked: str) -> Answer:
    blocks: list[Block] = []
    for block in message.content:
        if block.type == "text":
            blocks.append(Text(sendable(block.text)))
        elif block.type == "tool_use":
            blocks.append(Call(block.id, block.name, json.dumps(block.input)))
        else:
            blocks.append(Opaque(PROVIDER, asked, json.dumps(block.to_dict())))
    stop = STOPS.get(message.stop_reason or "", Stop.END)
    return Answer(message.id, datetime.now(UTC), message.model, tuple(blocks), stop, _tokens(message.usage))


def _tokens(usage: Any) -> Tokens:
    return Tokens(
        usage.input_tokens or 0, usage.output_tokens or 0, usage.cache_read_input_tokens or 0,
        usage.cache_creation_input_tokens or 0,
    )  # fmt: skip


@contextmanager
def _translated() -> Iterator[None]:
    """The SDK's errors as troubles."""
    try:
        yield
    except anthropic.APIStatusError as error:
        raise of(_failure(error), datetime.now(UTC)) from error
    except anthropic.AnthropicError as error:
        raise Passing(Cause.API_ERROR, f"no answer: {error}") from error
    except Exception as error:
        trouble = of_line(error)
        if trouble is None:
            raise
        raise trouble from error


def _failure(error: anthropic.APIStatusError) -> Failure:
    body = error.body if isinstance(error.body, dict) else {}
    told = body.get("error") if isinstance(body.get("error"), dict) else {}
    kind = str((told or {}).get("type") or "")
    status = error.status_code if error.status_code != 200 else 0  # an error in the middle of a stream that began well
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    text = (told or {}).get("message") or kind or error.message
    return Failure(status, kind, str(text), headers)
