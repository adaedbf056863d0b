"""Files that are either whole or not there: written beside, synced, renamed."""

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from org.model.errors import DiskFull, OrgError


def write_text(path: Path, text: str) -> None:
    """Replace path by text. DiskFull leaves the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        Path(beside).unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"the disk of {path} is full; the file was not changed. Free space, then try again") from error
        raise


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True, default=str) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; a bad file is named."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OrgError(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise OrgError(f"{path} holds {type(value).__name__}, an object was expected")
    return value
