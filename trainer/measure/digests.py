"""SHA-256 digests of bytes, files and the trainer's own source."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
MEASURE = PACKAGE / "measure"
_SOURCES = (".py", ".yaml")


def of_bytes(data: bytes) -> str:
    """Digest of one byte string."""
    return hashlib.sha256(data).hexdigest()


def of_file(path: Path) -> str:
    """Digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_parts(parts: Iterable[bytes]) -> str:
    """Digest of a sequence of byte strings; where one part ends matters."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


def of_sources(folder: Path) -> str:
    """Digest of every source file below `folder`: names relative to it, and contents."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES)
    return of_parts(part for path in files for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()))


def of_evaluator() -> str:
    """Digest of all protected code below measure/."""
    return of_sources(MEASURE)


def of_code() -> str:
    """Digest of the whole imported trainer, the shipped recipe included."""
    return of_sources(PACKAGE)
