"""The digest of a program's own sources, as the contract of a task defines `code_digest`: names and bytes of every .py
and .yaml file below its package, in the order of their paths. A run reports the one of what it imported; this one is
taken from the snapshot that it was given."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SOURCES = (".py", ".yaml")


def digest(package: Path) -> str:
    """Of the sources below a folder. Each part's length goes before it, so that it matters where one ends."""
    total = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in SOURCES and path.is_file()):
        for part in (path.relative_to(package).as_posix().encode(), path.read_bytes()):
            total.update(len(part).to_bytes(8, "little"))
            total.update(part)
    return total.hexdigest()


def expected(record: Mapping[str, Any], snapshot: Path) -> str | None:
    """What the record's code_digest must be. None when it says no digest, or not of which folder, or the snapshot is gone."""
    place = record.get("trainer_path")
    if not isinstance(place, str) or "code_digest" not in record or not (snapshot / place).is_dir():
        return None
    return digest(snapshot / place)
