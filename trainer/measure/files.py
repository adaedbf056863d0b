"""Whole files or none: written beside their final name, flushed, then renamed."""

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, data: bytes) -> None:
    """Replace `path` by `data`; a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """The same for one JSON object, indented for people."""
    write(path, (json.dumps(value, indent=1) + "\n").encode())
