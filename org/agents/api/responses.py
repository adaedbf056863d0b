"""The one door to the openai SDK: the Responses protocol, streamed, nothing stored at the provider.

A server that refuses what it does not know (encrypted reasoning, a cache key) is asked without it from then on.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import openai

from org.agents.api.conversation import Answer, Block, Call, Item, Opaque, Prompt, Result, Stop, Summary, Text, Tokens
from org.agents.api.model import Ask, Extras, Heard, sendable
from org.agents.api.options import Options
from org.agents.api.summary import as_prompt
from org.agents.api.trouble import Failure, Passing, of, of_line
from org.model.agent import Cause

PROVIDER = "openai"
SILENT_SECONDS = 300.0  # reasoning sends no events


class Responses:
    """A model behind the Responses protocol."""

    provider = PROVIDER

    def __init__(self, options: Options, key: str) -> None:
        self.name = options.model
        self._options = options
        self._extras = Extras()
        timeout = openai.Timeout(SILENT_SECONDS, connect=15.0)
        self._client = openai.AsyncOpenAI(api_key=key, base_url=options.base_url, max_retries=0, timeout=timeout)

    async def answer(self, ask: Ask, heard: Heard) -> Answer:
        """One answer."""
        return await self._extras.answer(lambda extras: self._once(ask, heard, plain=not extras))

    async def close(self) -> None:
        await self._client.close()

    async def _once(self, ask: Ask, heard: Heard, plain: bool) -> Answer:
        final: Any = None
        with _translated():
            async with await self._client.responses.create(**self._request(ask, plain), stream=True) as stream:
                async for event in stream:
                    final = _take(event, heard) or final
        if final is None:
            raise Passing(Cause.API_ERROR, "the stream ended before the answer did")
        return _answer(final, self.name)

    def _request(self, ask: Ask, plain: bool) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self.name,
            "instructions": ask.system,
            "input": inputs(ask.items, self.name),
            "tools": [
                {"type": "function", "name": t.name, "description": t.about, "parameters": dict(t.parameters), "strict": False}
                for t in ask.tools
            ],
            "tool_choice": "auto" if ask.may_call else "none",
            "max_output_tokens": self._options.most_output,
            "store": False,
        }
        if not plain:
            asked |= {"include": ["reasoning.encrypted_content"], "prompt_cache_key": ask.session}
        return asked


def _take(event: Any, heard: Heard) -> Any:
    """Note what an event says; the whole response from the last one, None from the others."""
    match event.type:
        case "response.created":
            heard.id, heard.model = event.response.id, event.response.model
        case "response.output_text.delta":
            heard.say(event.delta)
        case "response.completed" | "response.incomplete":
            return event.response
        case "response.failed":
            error = event.response.error
            heard.tokens = _tokens(event.response.usage)
            raise of(Failure(0, error.code if error else "", error.message if error else "failed", {}), datetime.now(UTC))
        case "error":
            raise of(Failure(0, event.code or "", event.message, {}), datetime.now(UTC))
    return None


def inputs(items: Sequence[Item], model: str) -> list[dict[str, Any]]:
    """The items as this protocol's input."""
    made: list[dict[str, Any]] = []
    for item in items:
        match item:
            case Prompt(text=text) if text.strip():
                made.append({"role": "user", "content": text})
            case Summary():
                made.append({"role": "user", "content": as_prompt(item)})
            case Result(call, text):
                made.append({"type": "function_call_output", "call_id": call, "output": text or "(nothing)"})
            case Answer():
                made += [block for b in item.blocks if (block := _input(b, model))]
    return made


def _input(block: Block, model: str) -> dict[str, Any] | None:
    match block:
        case Text(text):
            return {"role": "assistant", "content": text} if text.strip() else None
        case Call(id, name, arguments):
            return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}
        case Opaque(provider, of_model, data) if (provider, of_model) == (PROVIDER, model):
            return dict(json.loads(data))
        case _:
            return None


def _answer(response: Any, asked: str) -> Answer:
    blocks: list[Block] = []
    for item in response.output:
        if item.type == "message":
            blocks += [Text(sendable(str(getattr(part, "text", "") or getattr(part, "refusal", "")))) for part in item.content]
        elif item.type == "function_call":
            blocks.append(Call(item.call_id, item.name, sendable(item.arguments)))
        elif item.type == "reasoning" and getattr(item, "encrypted_content", None):
            blocks.append(Opaque(PROVIDER, asked, json.dumps(item.to_dict())))
    stop = Stop.CALLS if any(isinstance(b, Call) for b in blocks) else Stop.END
    if response.status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details else ""
        stop = Stop.DECLINED if reason == "content_filter" else Stop.LENGTH
    return Answer(response.id, datetime.now(UTC), response.model, tuple(blocks), stop, _tokens(response.usage))


def _tokens(usage: Any) -> Tokens:
    """As we count: this protocol's input includes what was read from and written to the cache."""
    if usage is None:
        return Tokens()
    details = usage.input_tokens_details
    read = getattr(details, "cached_tokens", 0) or 0
    written = getattr(details, "cache_write_tokens", 0) or 0
    return Tokens(max(usage.input_tokens - read - written, 0), usage.output_tokens, read, written)


@contextmanager
def _translated() -> Iterator[None]:
    """The SDK's errors as troubles."""
    try:
        yield
    except openai.APIStatusError as error:
        raise of(_failure(error), datetime.now(UTC)) from error
    except openai.APIError as error:  # an error event in the stream, or no answer at all
        raise of(Failure(0, str(error.code or error.type or ""), error.message, {}), datetime.now(UTC)) from error
    except openai.OpenAIError as error:
        raise Passing(Cause.API_ERROR, f"no answer: {error}") from error
    except Exception as error:
        trouble = of_line(error)
        if trouble is None:
            raise
        raise trouble from error


def _failure(error: openai.APIStatusError) -> Failure:
    kind = str(error.code or error.type or "")
    return Failure(error.status_code, kind, error.message, {k.lower(): v for k, v in error.response.headers.items()})
