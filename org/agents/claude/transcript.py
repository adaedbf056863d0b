"""What Claude Code's transcript tells: prompts that it took up, prompts that wait behind a turn, refused requests.

Undocumented (Claude Code 2.1.329), and the only source that tells who made a prompt and whether it waits. Lines are
looked through for a word before they are parsed: most of them are large and tell nothing here.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TELLING = (b'"type":"user"', b'"queue-operation"', b'"queued_command"', b'"isApiErrorMessage":true')
TOKEN = re.compile(r"\bORG-\d+\b")
_WAKE = re.compile(r'hook blocking error from command "[^"]*": (.*?)(?:</system-reminder>|$)', re.DOTALL)
_SHELL = re.compile(r"<bash-input>(.*?)</bash-input>", re.DOTALL)
_COMMAND = re.compile(r"<command-name>(.*?)</command-name>", re.DOTALL)
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.DOTALL)
_PASTED = re.compile(r"</?pasted_content\b[^>]*>")
_MACHINE = (
    "<task-notification>", "<system-reminder>", "<local-command-", "<bash-stdout>", "<bash-stderr>", "[Request interrupted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """A prompt that the conversation took up. counts: it is a person's or the organization's."""

    at: datetime
    text: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """A prompt that waits behind a turn."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A waiting prompt that somebody took back into the input box."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the provider refused for good. until: the end of a usage limit."""

    at: datetime
    status: int | None
    until: datetime | None


Event = Taken | Queued | Dropped | Refused


def parse(line: bytes) -> Event | None:
    """What one line tells; None for the most of them."""
    if not any(word in line for word in TELLING):
        return None
    try:
        row = json.loads(line)
        match row.get("type"):
            case "user":
                return _user(row)
            case "queue-operation":
                return _queue(row)
            case "attachment" if row["attachment"].get("type") == "queued_command":
                told = row["attachment"]
                return _taken(_at(row), str(told.get("prompt", "")), _kind(told))
            case "assistant" if row.get("isApiErrorMessage"):
                return _refused(row)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # a row of another version
    return None


def plain(text: str) -> str:
    """A prompt without the marks that the program puts around pasted text and around what a hook said."""
    if text.lstrip().startswith("<task-notification>"):
        found = _WAKE.search(text)
        return " ".join(found[1].split()) if found else text.strip()
    if shell := _SHELL.search(text):
        return f"!{shell[1]}"
    if command := _COMMAND.search(text):
        arguments = _ARGUMENTS.search(text)
        return f"{command[1]} {arguments[1] if arguments else ''}".strip()
    return _PASTED.sub("", text).strip()


def counts(text: str, plain_text: str, kind: str | None) -> bool:
    """Whether it is a prompt of a person or of the organization, and not one that the program made itself."""
    if TOKEN.search(plain_text) and not text.lstrip().startswith("<local-command-"):
        return True
    return kind in (None, "human", "user") and bool(plain_text) and not text.lstrip().startswith(_MACHINE)


def _user(row: dict[str, Any]) -> Taken | None:
    if any(row.get(mark) for mark in ("isSidechain", "isCompactSummary", "toolUseResult", "sourceToolAssistantUUID")):
        return None
    if row.get("isMeta") and _kind(row) in (None, "human"):
        return None  # what stands beside a prompt
    content = row["message"]["content"]
    if isinstance(content, list):
        if any(block.get("type") == "tool_result" for block in content):
            return None
        content = "\n".join(block["text"] for block in content if block.get("type") == "text")
    return _taken(_at(row), content, _kind(row))


def _queue(row: dict[str, Any]) -> Event | None:
    match row.get("operation"):
        case "enqueue":
            return Queued(_at(row), plain(row["content"])) if counts(row["content"], plain(row["content"]), None) else None
        case "popAll":
            return Dropped(plain(row["content"]))
        case "remove" if row.get("reason") != "absorbed_mid_turn":
            return Dropped(plain(row["content"]))
    return None


def _taken(at: datetime, text: str, kind: str | None) -> Taken:
    return Taken(at, plain(text), counts(text, plain(text), kind))


def _refused(row: dict[str, Any]) -> Refused:
    limits = row.get("quotaLimits") or {}
    until = datetime.fromtimestamp(float(limits["resetsAt"]), UTC) if limits.get("resetsAt") else None
    return Refused(_at(row), row.get("apiErrorStatus"), until)


def _kind(told: dict[str, Any]) -> str | None:
    kind = (told.get("origin") or {}).get("kind")
    return None if kind is None else str(kind)


def _at(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["timestamp"])
