"""Maildir-style mailboxes. A message is delivered once its file is in new/; a reader that dies before archiving sees
it again. Nothing is locked: every step is one rename."""

import errno
import os
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from org.comms import letter
from org.model.errors import DiskFull, OrgError
from org.model.message import Message

TMP, NEW, CUR = "tmp", "new", "cur"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True, slots=True)
class Mail:
    """messages: oldest first. bad: a sentence (file:line: what) for each file that is no message; it stays there."""

    messages: tuple[Message, ...]
    bad: tuple[str, ...] = ()


def make(box: Path) -> None:
    """The three folders; what is there stays."""
    for part in (TMP, NEW, CUR):
        (box / part).mkdir(parents=True, exist_ok=True)


def put(box: Path, message: Message) -> bool:
    """Deliver; False when a message of this id was delivered before. Durable when it returns.

    A death before the rename leaves a file in tmp/ only, which no reader looks at; deliver again.
    """
    name = _file(message.id)
    make(box)
    if (box / NEW / name).exists() or (box / CUR / name).exists():
        return False
    beside = box / TMP / f"{name}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    try:
        _write_synced(beside, letter.write(message))
        os.rename(beside, box / NEW / name)
    except OSError as error:
        beside.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise DiskFull(f"the disk of {box} is full; message {message.id} was not delivered. Free space") from error
        raise
    _sync_folder(box / NEW)
    return True


def unread(box: Path) -> Mail:
    """What is in new/ and was not archived, oldest first. A bad file is told and passed over."""
    messages: list[Message] = []
    bad: list[str] = []
    for path in _files(box / NEW):
        if (box / CUR / path.name).exists():  # delivered twice around an archive
            continue
        try:
            messages.append(_read(path))
        except OrgError as error:
            bad.append(str(error))
        except FileNotFoundError:  # archived by somebody else meanwhile
            continue
    return Mail(tuple(sorted(messages, key=lambda m: (m.sent_at, m.id))), tuple(bad))


def waiting(box: Path) -> tuple[str, ...]:
    """The names of the files in new/: a cheap look for whether there is mail."""
    return tuple(path.name for path in _files(box / NEW))


def archive(box: Path, id: str) -> bool:
    """The reader's turn is saved: move the message to cur/. False when it is not in new/ (any more)."""
    name = _file(id)
    make(box)
    try:
        os.rename(box / NEW / name, box / CUR / name)
    except FileNotFoundError:
        return False
    _sync_folder(box / CUR)
    return True


def is_archived(box: Path, id: str) -> bool:
    """Whether this message was read: what the ledger's read_at follows."""
    return (box / CUR / _file(id)).exists()


def sweep(box: Path, before: datetime) -> int:
    """Remove what dead writers left in tmp/ before a time (aware). Returns how many files went."""
    old = [p for p in _files(box / TMP) if p.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _file(id: str) -> str:
    """The file name of a message id; ids that would leave the folder or hide in it are refused."""
    if not _NAME.fullmatch(id) or ".." in id:
        raise OrgError(f"{id!r} cannot name a message; use letters, digits, '.', '_' and '-', at most 120")
    return f"{id}.md"


def _read(path: Path) -> Message:
    where = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise letter.BadLetter(f"{where}:{line}: not UTF-8 at byte {error.start}") from error
    message = letter.read(text, where)
    if _file(message.id) != path.name:
        raise letter.BadLetter(f"{where}:2: the id {message.id} does not match the file's name")
    return message


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _write_synced(path: Path, text: str) -> None:
    with path.open("xb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
