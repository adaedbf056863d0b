"""Words of config.yaml with a form of their own: names, roles, backends, budgets, times of day, timezones."""

import difflib
import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator

BACKENDS = ("offline", "claude", "codex", "api", "command", "human", "replay")  # what this version can put into a pane


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", value):
        raise ValueError("use lower-case letters, digits and '-', at most 41, starting with a letter or digit")
    return value


def _role(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,40}", value):
        raise ValueError("name a file in roles/ without its .md: lower-case letters, digits, '_' and '-'")
    return value


def _budget(value: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?(e\d+)?(step|tok|flop|s)", value) or not re.search(r"[1-9]", value.partition("e")[0]):
        raise ValueError("write 400step, 5e7tok, 2e15flop or 300s")
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('write a time of day as "09:00"')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)  # listing all of them reads hundreds of files, and every verb comes past here
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"unknown timezone{f'; did you mean {near[0]}?' if near else ''}") from None
    return value


def _backend(value: str) -> str:
    if value not in BACKENDS:
        near = difflib.get_close_matches(value, BACKENDS, 1)
        raise ValueError(f"unknown backend; this version has {', '.join(BACKENDS)}{f'; did you mean {near[0]}?' if near else ''}")
    return value


Name = Annotated[str, AfterValidator(_name)]
Role = Annotated[str, AfterValidator(_role)]
Backend = Annotated[str, AfterValidator(_backend)]
Budget = Annotated[str, AfterValidator(_budget)]
Clock = Annotated[str, AfterValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
