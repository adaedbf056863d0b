"""What a screen shows, by the patterns of a description. Whatever fits no pattern is unknown."""

import re
from dataclasses import dataclass

from org.agents.command.program import Screen, Sign
from org.agents.observation import Composer
from org.model.agent import Cause


@dataclass(frozen=True, slots=True)
class View:
    """draft: the words in the box. above: the lines over it. cause, reason: of the open dialog, or of a trouble."""

    composer: Composer
    busy: bool = False
    cause: Cause = Cause.NONE
    reason: str = ""
    draft: str = ""
    above: tuple[str, ...] = ()
    queued: tuple[str, ...] = ()


def read(data: Screen, screen: str) -> View:
    """Look at the visible text of a pane."""
    lines = [line.rstrip() for line in screen.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    bottom = lines[-data.bottom :]
    dialog = _sign(data.dialogs, bottom)
    if dialog:
        return View(Composer.DIALOG, cause=dialog.cause, reason=dialog.reason, above=tuple(lines))
    box = _box(data, lines)
    if box is None or box.start < len(lines) - data.bottom or (data.ready and not _any((data.ready,), bottom)):
        return View(Composer.UNKNOWN, above=tuple(lines))
    words, trouble = _words(data, lines[box.start : box.stop]), _sign(data.troubles, bottom)
    return View(
        Composer.DRAFT if words else Composer.EMPTY, _any(data.busy, bottom), trouble.cause if trouble else Cause.NONE,
        trouble.reason if trouble else "", words, tuple(lines[: box.start]), _queued(data, lines[: box.start]),
    )  # fmt: skip


def _box(data: Screen, lines: list[str]) -> range | None:
    """Which lines hold what is typed."""
    if data.end is None:
        at = _last(data.box, lines)
        return None if at is None else range(at, at + 1)
    end = _last(data.end, lines)
    stop = -1 if end is None else end - data.chrome
    start = stop
    while start > 0 and re.search(data.box, lines[start - 1]):
        start -= 1
    return range(start, stop) if 0 <= start < stop else None


def _last(pattern: str, lines: list[str]) -> int | None:
    return next((at for at in range(len(lines) - 1, -1, -1) if re.search(pattern, lines[at])), None)


def _words(data: Screen, lines: list[str]) -> str:
    texts = [found["text"].strip() for line in lines if (found := re.search(data.box, line))]
    text = " ".join(filter(None, texts))
    return "" if any(re.fullmatch(pattern, text) for pattern in data.placeholders) else text


def _any(patterns: tuple[str, ...], lines: list[str]) -> bool:
    return any(re.search(pattern, line) for pattern in patterns for line in lines)


def _sign(signs: tuple[Sign, ...], lines: list[str]) -> Sign | None:
    return next((sign for sign in signs if _any((sign.pattern,), lines)), None)


def _queued(data: Screen, lines: list[str]) -> tuple[str, ...]:
    """The lines that are marked, each with the text above its mark."""
    marks = [at for at, line in enumerate(lines) if data.queued and re.search(data.queued, line)]
    return tuple(" ".join(part.strip() for part in lines[max(0, at - 3) : at + 1]) for at in marks)
