"""What the screen of Codex shows, by the patterns of screens.yaml. Whatever fits no pattern is unknown."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from org.agents.observation import Composer
from org.model.agent import Cause

DATA = Path(__file__).with_name("screens.yaml")


@dataclass(frozen=True, slots=True)
class Sign:
    """A pattern and what it tells."""

    pattern: re.Pattern[str]
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """What a screen shows. cause, reason: of the open dialog, or of what a turn is held up by. queued: lines that wait
    behind a running turn, as far as they are shown."""

    composer: Composer
    busy: bool = False
    cause: Cause = Cause.NONE
    reason: str = ""
    queued: tuple[str, ...] = ()


def versions() -> tuple[str, ...]:
    """The versions that the patterns were made with, oldest first."""
    return tuple(_data()["tested"])


def tested(version: str) -> bool:
    """Whether the patterns were made with this version."""
    return any(version == known or version.startswith(known + ".") for known in versions())


def read(screen: str) -> View:
    """Look at the visible text of a pane."""
    lines = [line.rstrip() for line in screen.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    box = _box(lines)
    if box is None:
        return _without_box(lines)
    above = [line for line in lines[:box] if line][-int(_data()["near"]) :]
    if any(_pattern("popup").search(line) for line in above[-1:]):
        return View(Composer.DIALOG, cause=Cause.PERSON, reason="a list is open above the box")
    cause, reason = _held_up(above)
    return View(_composer(lines[box:]), _busy(above) is not None, cause, reason, _queued(above))


def _box(lines: list[str]) -> int | None:
    """Where the input box begins: the last line that looks like one, with its status line below."""
    for at in range(len(lines) - 1, -1, -1):
        if _pattern("box").match(lines[at]):
            below = any(_pattern("status").match(line) for line in lines[at + 1 :])
            return at if below and not _pattern("choice").match(lines[at]) else None
    return None


def _composer(lines: list[str]) -> Composer:
    found = _pattern("box").match(lines[0])
    text = found["text"].strip() if found else ""
    if text in _data()["placeholders"]:
        return Composer.EMPTY if any(_pattern("ready").match(line) for line in lines[1:]) else Composer.UNKNOWN
    return Composer.DRAFT if text or lines[0].startswith("!") else Composer.UNKNOWN


def _without_box(lines: list[str]) -> View:
    bottom = lines[-int(_data()["bottom"]) :]
    for sign in _signs("dialogs"):
        if any(sign.pattern.search(line) for line in bottom):
            return View(Composer.DIALOG, cause=sign.cause, reason=sign.reason)
    return View(Composer.UNKNOWN)


def _busy(above: list[str]) -> int | None:
    found = [at for at, line in enumerate(above) if _pattern("busy").match(line)]
    return found[-1] if found else None


def _held_up(above: list[str]) -> tuple[Cause, str]:
    at = _busy(above)
    if at is not None:
        told = " ".join(above[at : at + 2])
        for sign in _signs("retrying"):
            if sign.pattern.search(told):
                return sign.cause, sign.reason
    return Cause.NONE, ""


def _queued(above: list[str]) -> tuple[str, ...]:
    if not any(_pattern("queue").match(line) for line in above):
        return ()
    return tuple(found["text"] for line in above if (found := _pattern("queued").match(line)))


@functools.cache
def _data() -> Mapping[str, Any]:
    return YAML(typ="safe", pure=True).load(DATA.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_data()[name])


@functools.cache
def _signs(name: str) -> tuple[Sign, ...]:
    return tuple(Sign(re.compile(d["pattern"]), Cause(d["cause"]), d["reason"]) for d in _data()[name])
