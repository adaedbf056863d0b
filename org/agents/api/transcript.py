"""The conversation on disk: one JSON line an item, appended and synced before anything follows from it.

A line that a death tore stays where it is and is passed over; the next line begins on its own. Keys are concealed in all
that was said and done; blocks that a provider signed stay as they are, for it would refuse them otherwise.
"""

import dataclasses
import functools
import json
import os
import types
import typing
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from org.agents.api.conversation import Block, Conversation, Item, Opaque
from org.model.errors import OrgError
from org.store import secrets

VERSION = 1
KINDS: dict[str, type[Any]] = {kind.__name__.lower(): kind for kind in (*typing.get_args(Item), *typing.get_args(Block))}


@dataclass(frozen=True, slots=True)
class Read:
    """What a transcript holds. everything: every item, those before a summary too. torn: sentences about bad lines."""

    conversation: Conversation
    everything: tuple[Item, ...]
    torn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """Appends to one file."""

    path: Path

    def begin(self, session: str) -> None:
        """The first line."""
        self._append({"v": VERSION, "kind": "began", "session": session})

    def append(self, item: Item) -> None:
        """Durable when it returns."""
        self._append({"v": VERSION, **_row(item)})

    def read(self) -> Read | None:
        """What is there; None when nothing was begun. OrgError for a line of a version that is not known."""
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        found, torn = [], []
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    found.append(_parse(json.loads(line)))
                except (ValueError, KeyError, TypeError):
                    torn.append(f"{self.path.name}:{number}: a line was torn and is passed over")
        session = next((row for row in found if isinstance(row, str)), None)
        if session is None:
            return None
        conversation = Conversation(session)
        items = [item for item in found if not isinstance(item, str) and conversation.add(item)]
        return Read(conversation, tuple(items), tuple(torn))

    def _append(self, row: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                data = b"\n" + data
            while data:  # a short write (a full disk, a signal) is finished or raises
                data = data[os.write(handle, data) :]
            os.fsync(handle)
        finally:
            os.close(handle)


def _row(value: Any) -> dict[str, Any]:
    told = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if not isinstance(value, Opaque):
        told = {name: _concealed(text) if isinstance(text, str) else text for name, text in told.items()}
    return {"kind": type(value).__name__.lower(), **told}


def _concealed(text: str) -> str:
    """JSON stays JSON: a key is concealed in its strings, not across them."""
    if text.startswith("{") and secrets.conceal(text) != text:
        try:
            return json.dumps(_inner(json.loads(text)), ensure_ascii=False)
        except ValueError:
            pass
    return secrets.conceal(text)


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _inner(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_inner(inner) for inner in value]
    return secrets.conceal(value) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _row(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _parse(row: dict[str, Any]) -> Item | str:
    if row["v"] != VERSION:
        raise OrgError(f"the transcript was written by another version ({row['v']}); move it away to begin anew")
    if row["kind"] == "began":
        return str(row["session"])
    made: Item = _made(KINDS[row["kind"]], row)
    return made


def _made(kind: type[Any], row: dict[str, Any]) -> Any:
    hints = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    return kind(**{f.name: _value(hints[f.name], row[f.name]) for f in dataclasses.fields(kind)})


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(hint: Any, value: Any) -> Any:
    """A JSON value as the field's type."""
    if isinstance(value, dict):
        return _made(KINDS[value["kind"]], value) if value["kind"] in KINDS else _made(hint, value)
    if isinstance(value, list):
        return tuple(_value(typing.get_args(hint)[0], part) for part in value)
    if isinstance(hint, types.UnionType):
        return value
    return datetime.fromisoformat(value) if hint is datetime else hint(value)
