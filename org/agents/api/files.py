"""The tools read and edit."""

import contextlib
import os
import tempfile
from pathlib import Path

from org.agents.api.paths import Places
from org.model.errors import OrgError

MOST_LINES = 2000
MOST_BYTES = 10_000_000  # a larger file is read with commands


class ToolError(OrgError):
    """A tool could not do what was asked; the model gets the words."""


def read(places: Places, path: str, first: int = 1, count: int = MOST_LINES) -> str:
    """Lines first to first + count - 1 (from 1) with their numbers; of a folder, its names."""
    file = places.readable(path)
    if file.is_dir():
        return "\n".join(sorted(p.name + ("/" if p.is_dir() else "") for p in file.iterdir())) or "(empty folder)"
    lines = _text(file, path).splitlines()
    first = max(first, 1)
    shown = lines[first - 1 : first - 1 + max(1, min(count, MOST_LINES))]
    if not shown:
        return f"({path} has {len(lines)} lines)"
    rows = [f"{number}\t{line}" for number, line in enumerate(shown, first)]
    left = len(lines) - (first - 1 + len(shown))
    return "\n".join(rows) + (f"\n[{left} more lines; go on with first={first + len(shown)}]" if left > 0 else "")


def edit(places: Places, path: str, old: str, new: str, everywhere: bool = False) -> str:
    """Replace old by new, or create the file when old is empty. old has to stand there exactly once, unless everywhere."""
    file = places.writable(path)
    if old == "":
        return _create(file, path, new)
    if old == new:
        raise ToolError("old and new are the same: nothing would change")
    text = _text(file, path)
    found = text.count(old)
    if found == 0:
        raise ToolError(f"{path} does not hold these lines; read it again and copy them exactly, with their indentation")
    if found > 1 and not everywhere:
        raise ToolError(f"{path} holds these lines {found} times; give more lines around the place, or everywhere=true")
    _write(file, text.replace(old, new), file.stat().st_mode & 0o777)
    return f"{path}: {found} place{'' if found == 1 else 's'} changed"


def _create(file: Path, path: str, text: str) -> str:
    if file.exists() and (not file.is_file() or file.stat().st_size):
        raise ToolError(f"{path} exists; give the lines to replace as old")
    file.parent.mkdir(parents=True, exist_ok=True)
    umask = os.umask(0)
    os.umask(umask)
    _write(file, text, 0o666 & ~umask)
    return f"{path}: created, {len(text.splitlines())} lines"


def _text(file: Path, path: str) -> str:
    if not file.is_file():
        raise ToolError(f"there is no file {path}")
    if file.stat().st_size > MOST_BYTES:
        raise ToolError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB; look at parts of it with bash")
    data = file.read_bytes()
    if b"\0" in data[:8192]:
        raise ToolError(f"{path} is not a text file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ToolError(f"{path} is not UTF-8: {error}") from error


def _write(file: Path, text: str, mode: int) -> None:
    """Beside, then renamed: whole or unchanged."""
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode("utf-8"))
        os.chmod(beside, mode)
        os.replace(beside, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
