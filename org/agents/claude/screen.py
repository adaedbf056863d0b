"""What the screen of Claude Code shows, by the patterns of screens.yaml: its input box, or the dialog in its place."""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ruamel.yaml import YAML

from org.agents.observation import Composer
from org.model.agent import Cause

DIALOG_ROWS = 40  # a dialog stands in the last rows


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question that is open instead of the input box."""

    words: re.Pattern[str]
    cause: Cause
    reason: str
    close: str | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """One version's entry of screens.yaml."""

    version: str
    rule: str
    prompt: str
    shell: str
    footer_rows: int
    placeholders: tuple[re.Pattern[str], ...]
    retrying: re.Pattern[str]
    dialogs: tuple[Dialog, ...]
    asks: re.Pattern[str]


@cache
def known() -> tuple[Patterns, ...]:
    """Every version's patterns, newest first."""
    text = resources.files(__package__).joinpath("screens.yaml").read_text(encoding="utf-8")
    return tuple(_patterns(entry) for entry in YAML(typ="safe").load(text))


def composer(screen: str) -> Composer:
    """The input box, by the first version that knows something of this screen."""
    found = (_composer(screen, patterns) for patterns in known())
    return next((box for box in found if box is not Composer.UNKNOWN), Composer.UNKNOWN)


def dialog(screen: str) -> Dialog | None:
    """The dialog that is open; None when none is known to be open."""
    for patterns in known():
        if _composer(screen, patterns) is Composer.DIALOG:
            rows = _last_rows(screen)
            return next(
                (d for d in patterns.dialogs if d.words.search(rows)), Dialog(patterns.asks, Cause.PERSON, "a dialog is open")
            )
    return None


def retries(screen: str) -> bool:
    """Whether the program asks its provider again after an error."""
    return any(patterns.retrying.search(_last_rows(screen)) for patterns in known())


def _composer(screen: str, patterns: Patterns) -> Composer:
    draft = _draft(screen, patterns)
    if draft is None:
        rows = _last_rows(screen)
        asks = patterns.asks.search(rows) or any(d.words.search(rows) for d in patterns.dialogs)
        return Composer.DIALOG if asks else Composer.UNKNOWN
    if draft.startswith(patterns.shell):
        return Composer.DIALOG  # whatever comes would run as a command
    text = draft.removeprefix(patterns.prompt).strip()
    empty = not text or any(p.fullmatch(text) for p in patterns.placeholders)
    return Composer.EMPTY if empty else Composer.DRAFT


def _draft(screen: str, patterns: Patterns) -> str | None:
    """The text between the last two rules, with its sign; None when that is no input box, or not the last thing there."""
    rows = [row.replace("\xa0", " ").rstrip() for row in screen.rstrip().splitlines()]
    rules = [i for i, row in enumerate(rows) if _is_rule(row, patterns.rule)]
    if len(rules) < 2 or len(rows) - 1 - rules[-1] > patterns.footer_rows:
        return None
    inside = rows[rules[-2] + 1 : rules[-1]]
    if not inside or not re.match(rf"(?:{re.escape(patterns.prompt)}|{re.escape(patterns.shell)})(?: |$)", inside[0]):
        return None
    return "\n".join(inside)


def _is_rule(row: str, sign: str) -> bool:
    return len(row) >= 20 and row.startswith(sign * 3) and row.count(sign) > len(row) / 2


def _last_rows(screen: str) -> str:
    return "\n".join(screen.rstrip().splitlines()[-DIALOG_ROWS:])


def _patterns(entry: dict[str, object]) -> Patterns:
    told = dict(entry)
    dialogs, words = told.pop("dialogs"), told.pop("placeholders")
    assert isinstance(dialogs, list) and isinstance(words, list)
    return Patterns(
        version=str(told["version"]), rule=str(told["rule"]), prompt=str(told["prompt"]), shell=str(told["shell"]),
        footer_rows=int(str(told["footer_rows"])), placeholders=tuple(re.compile(word) for word in words),
        retrying=re.compile(str(told["retrying"])), asks=re.compile(str(told["asks"])),
        dialogs=tuple(Dialog(re.compile(d["words"]), Cause(d["cause"]), d["reason"], d.get("close")) for d in dialogs),
    )  # fmt: skip
