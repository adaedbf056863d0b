"""A message as Markdown with front matter, and back. The text of a message survives the round trip to the letter."""

from datetime import datetime
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from org.model.errors import OrgError
from org.model.message import Kind, Message

FENCE = "---"
REQUIRED = ("id", "from", "to", "kind", "subject", "sent_at")


class BadLetter(OrgError):
    """A file that is not a message; says where (file:line) and what was expected."""


def write(message: Message) -> str:
    """The file's text: front matter between two fences, an empty line, the body, a line end."""
    strings = {
        "id": message.id, "from": message.sender, "to": message.to, "kind": message.kind.value, "subject": message.subject,
        "sent_at": message.sent_at.isoformat(),
    }  # fmt: skip
    lines = [f"{key}: {_quoted(value)}" for key, value in strings.items()]
    lines.append(f"refs: [{', '.join(_quoted(ref) for ref in message.refs)}]")
    lines.append(f"reply_to: {'null' if message.reply_to is None else _quoted(message.reply_to)}")
    return "\n".join((FENCE, *lines, FENCE, "", message.body, ""))


def read(text: str, where: str) -> Message:
    """The message that `write` wrote. where names the file in a BadLetter."""
    front, body = _split(text, where)
    values = _front(front, where)
    missing = [key for key in REQUIRED if values.get(key) is None]
    if missing:
        raise BadLetter(f"{where}:1: the front matter lacks {', '.join(missing)}")
    try:
        return Message(
            id=str(values["id"]), sender=str(values["from"]), to=str(values["to"]), kind=Kind(values["kind"]),
            subject=str(values["subject"]), body=body, sent_at=_time(values["sent_at"]),
            refs=tuple(str(ref) for ref in values.get("refs") or ()), reply_to=values.get("reply_to"),
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise BadLetter(f"{where}:{_line_of(front, str(error))}: {error}") from error


def _quoted(text: str) -> str:
    """A double-quoted YAML string. Not left to a dumper: those write U+0085 and U+2028 raw and read them as a space."""
    kept = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in kept) + '"'


def _split(text: str, where: str) -> tuple[str, str]:
    if not text.startswith(f"{FENCE}\n"):
        raise BadLetter(f"{where}:1: a message starts with a line `{FENCE}`")
    head, fence, body = text[len(FENCE) + 1 :].partition(f"\n{FENCE}\n")
    if not fence:
        raise BadLetter(f"{where}:{text.count(chr(10)) + 1}: the front matter has no closing line `{FENCE}`")
    return head, body.removeprefix("\n").removesuffix("\n")


def _front(text: str, where: str) -> dict[str, Any]:
    try:
        values = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise BadLetter(f"{where}:{line}: not YAML: {error.problem}") from error
    except YAMLError as error:
        raise BadLetter(f"{where}:1: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise BadLetter(f"{where}:2: keys and values were expected in the front matter")
    return values


def _time(value: object) -> datetime:
    time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if time.tzinfo is None:
        raise ValueError(f"sent_at: {value} has no timezone; write it in UTC, as 2026-01-31T09:00:00+00:00")
    return time


def _line_of(front: str, error: str) -> int:
    """The line of the key that an error is about (the file's first line is the fence)."""
    key = "sent_at" if "sent_at" in error or "isoformat" in error else "kind"
    lines = front.splitlines()
    return next((number for number, line in enumerate(lines, 2) if line.startswith(f"{key}:")), 1)
