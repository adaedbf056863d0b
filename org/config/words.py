"""Words of config.yaml with a form of their own: names, roles, backends, budgets, times of day, timezones."""

import difflib
import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator

BACKENDS = ("offline", "claude", "codex", "api", "command", "human", "replay")  # what this version can put into a pane


def _form(pattern: str, told: str) -> AfterValidator:
    """Text that the pattern fits as a whole. told: what to write instead."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(told)
        return value

    return AfterValidator(check)


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


Name = Annotated[
    str, _form(r"[a-z0-9][a-z0-9-]{0,40}", "use lower-case letters, digits and '-', at most 41, starting with a letter or digit")
]
Role = Annotated[
    str,
    _form(r"[a-z0-9][a-z0-9_-]{0,40}", "name a file in roles/ without its .md: lower-case letters, digits, '_' and '-'"),
]
Backend = Annotated[str, AfterValidator(_backend)]
Budget = Annotated[
    str, _form(r"(?=[\d.]*[1-9])\d+(\.\d+)?(e\d+)?(step|tok|flop|s)", "write 400step, 5e7tok, 2e15flop or 300s")  # and not 0
]
Clock = Annotated[str, _form(r"([01]\d|2[0-3]):[0-5]\d", 'write a time of day as "09:00"')]
Zone = Annotated[str, AfterValidator(_zone)]
