"""What an agent's entry of the config says about its model, with the defaults."""

import argparse
from dataclasses import dataclass
from typing import NoReturn

from org.config import AgentConfig
from org.model.errors import ConfigError

DEFAULT_MODELS = {"anthropic": "claude-sonnet-5-5", "openai": "gpt-6.1-sol"}
DEFAULT_KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
WINDOW, MOST_OUTPUT = 200_000, 32_000  # tokens


@dataclass(frozen=True, slots=True)
class Options:
    """window: tokens that the conversation may fill; it is summarized before. A model's own window may be larger, but a
    long conversation costs with every call. most_output: tokens of one answer, thinking included."""

    provider: str
    model: str
    key_env: str
    base_url: str | None = None
    window: int = WINDOW
    most_output: int = MOST_OUTPUT


def read(entry: AgentConfig) -> Options:
    """The options of an entry; ConfigError for an argument that there is not."""
    provider = entry.provider or "anthropic"
    told = _Parser(prog="args of backend api", add_help=False)
    told.add_argument("--window", type=int, default=WINDOW)
    told.add_argument("--most-output", type=int)
    given = told.parse_args(list(entry.args))
    return Options(
        provider, entry.model or DEFAULT_MODELS[provider], entry.key_env or DEFAULT_KEYS[provider], entry.base_url,
        given.window, given.most_output or min(MOST_OUTPUT, given.window // 4),
    )  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"args of backend api: {message}; there are --window TOKENS and --most-output TOKENS")
