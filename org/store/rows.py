"""Frozen dataclasses to rows of SQLite and back: enums by value, times as ISO 8601 UTC, containers as JSON."""

import dataclasses
import functools
import json
import sqlite3
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from org.store import secrets

T = TypeVar("T")


def encode(value: object) -> object:
    """One field's value as SQLite keeps it. What is no UTF-8 (in a path that git named) becomes a question mark,
    a key its name."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list | tuple):
        return _utf8(json.dumps(_concealed(value), ensure_ascii=False, default=str))
    return _storable(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    return secrets.conceal(_utf8(text))


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _concealed(value: Any) -> Any:
    """The same containers with keys concealed in every text of theirs; in the JSON itself a cut could break it."""
    if isinstance(value, dict):
        return {key: _concealed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_concealed(inner) for inner in value]
    return secrets.conceal(value) if isinstance(value, str) else value


def to_row(value: Any) -> dict[str, object]:
    """A dataclass instance as column → SQLite value."""
    return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}


def from_row(cls: type[T], row: sqlite3.Row) -> T:
    """The instance that a row holds. Columns that the class does not have are ignored."""
    decoders = _decoders(cls)  # type: ignore[arg-type]
    return cls(**{name: decode(row[name]) for name, decode in decoders.items()})


@functools.cache
def _decoders(cls: Any) -> dict[str, Callable[[Any], Any]]:
    hints = typing.get_type_hints(cls)
    return {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(cls)}


def _decoder(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, types.UnionType):  # X | None
        inner = _decoder(next(a for a in typing.get_args(hint) if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    origin = typing.get_origin(hint) or hint
    if origin is tuple:
        return lambda value: tuple(json.loads(value))
    if origin in (dict, list):
        return json.loads
    if origin is datetime:
        return datetime.fromisoformat
    if origin is bool or (isinstance(origin, type) and issubclass(origin, Enum)):
        return origin
    return lambda value: value
