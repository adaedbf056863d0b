"""Whole files or none: written beside their final name, flushed, then renamed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` at the end; a reader sees the old one or the new one, whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    """Replace `path` by `data`."""
    with replacing(path) as file:
        file.write(data)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """The same for one JSON object, indented for people."""
    write(path, (json.dumps(value, indent=1) + "\n").encode())


def says(path: Path, **values: Any) -> bool:
    """Whether a JSON file is there that holds these values."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(found, dict) and all(found.get(name) == value for name, value in values.items())
