"""Lines for a hook that waits for them: WAKE/17.txt. Whoever renames the file away has it, so it is used once."""

import os
from pathlib import Path

CLAIMED, WITHDRAWN = "claimed", "withdrawn"


def leave(folder: Path, id: int, text: str) -> None:
    """Put the line there, whole or not at all; a second call changes nothing, also after it was taken."""
    if any((folder / kept / _name(id)).exists() for kept in (CLAIMED, WITHDRAWN)) or (folder / _name(id)).exists():
        return
    for kept in (CLAIMED, WITHDRAWN):
        (folder / kept).mkdir(parents=True, exist_ok=True)
    beside = folder / f".{id}.new"
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, folder / _name(id))


def claimed(folder: Path, id: int) -> bool:
    """Whether the hook has it."""
    return (folder / CLAIMED / _name(id)).exists()


def take_back(folder: Path, id: int) -> bool:
    """Have it back, if the hook has not taken it: True when nobody will."""
    if claimed(folder, id):
        return False
    try:
        os.rename(folder / _name(id), folder / WITHDRAWN / _name(id))
    except FileNotFoundError:
        return not claimed(folder, id)
    return True


def _name(id: int) -> str:
    return f"{id}.txt"
