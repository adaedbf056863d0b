"""What a read-only copy held when it was laid out, kept beside it; and whether it still does. Permissions keep nobody out who
runs as the same user, so a run is only believed when its copy is what it was.
"""

import hashlib
import json
import os
from pathlib import Path

from org.store import atomic


def place(copy: Path) -> Path:
    """Where the seal of a copy stands."""
    return copy.with_name(copy.name + ".seal")


def write(folder: Path, copy: Path) -> None:
    """Seal what is in `folder`, which is about to be called `copy`."""
    atomic.write_text(place(copy), json.dumps({path: _entry(folder / path) for path in _paths(folder)}))


def broken(copy: Path) -> list[str]:
    """Paths below the copy that were changed, added or deleted since, in order; [] also where no seal was written."""
    if not place(copy).exists() or not copy.is_dir():
        return []
    known: dict[str, list[object]] = json.loads(place(copy).read_text("utf-8"))
    now = set(_paths(copy))
    return sorted((now ^ set(known)) | {path for path in now & set(known) if not _is_same(copy / path, known[path])})


def _paths(folder: Path) -> list[str]:
    """Everything that is no folder, links included, relative to it."""
    return [
        os.path.relpath(os.path.join(place, name), folder)
        for place, folders, files in os.walk(folder)
        for name in [*files, *(link for link in folders if os.path.islink(os.path.join(place, link)))]
    ]


def _entry(path: Path) -> list[object]:
    """Digest, inode, time of the last change of any kind. The last two only save the first: a copied lab has others."""
    found = path.lstat()
    return [_digest(path), found.st_ino, found.st_ctime_ns]


def _is_same(path: Path, known: list[object]) -> bool:
    found = path.lstat()
    return [found.st_ino, found.st_ctime_ns] == known[1:] or _digest(path) == known[0]


def _digest(path: Path) -> str:
    if path.is_symlink():
        return "-> " + os.readlink(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
