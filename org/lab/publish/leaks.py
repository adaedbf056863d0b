"""What a published folder would tell of this machine. Keys and the names of the lab's folders are taken out of every text that
org writes; what lies in the base as it was run, or in a command of the task, is needed as it is: it is told to the person."""

import os
import re
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from org.lab.lab import Lab
from org.store import secrets

BYTES = 1_000_000  # of a file that is looked through
SHOWN = 5
_PATH = re.compile(r"(?<![\w.:/~-])/(?:[\w.+@-]+/)+[\w.+@-]+")
_EVERYWHERE = ("/dev/", "/proc/", "/sys/", "/usr/", "/bin/", "/etc/", "/lib")


def clean(lab: Lab, text: str) -> str:
    """Without keys, and without the names of this machine's folders."""
    for place, word in _places(lab):
        text = text.replace(place, word)
    return secrets.conceal(text)


def told(lab: Lab, texts: Mapping[str, str], base: Path) -> list[str]:
    """What to look at before the folder is given away, a line each. texts: of the folder, by name. base: the archive."""
    lines = []
    for name, text in texts.items():
        here = sorted({path for path in _PATH.findall(text) if not path.startswith(_EVERYWHERE) and os.path.exists(path)})
        if here:
            lines.append(f"{name} names {', '.join(here[:SHOWN])} of this machine")
    suspect = [name for name, text in _files(base) if clean(lab, text) != text]
    if suspect:
        more = f" and {len(suspect) - SHOWN} more" if len(suspect) > SHOWN else ""
        lines.append(f"{base.name}: {', '.join(suspect[:SHOWN])}{more}: what looks like a key, or a folder of this machine")
    return lines


def _places(lab: Lab) -> list[tuple[str, str]]:
    """Folder → what stands for it; the longest first, for one lies in another."""
    named = (
        (lab.layout.comms, "COMMS"), (lab.layout.worktrees, "WORKTREES"), (lab.layout.root, "LAB"), (Path.home(), "HOME"),
        (Path(sys.prefix), "PYTHON"), (Path(sys.base_prefix), "PYTHON"),
    )  # fmt: skip
    found = {str(at): word for place, word in named for at in (place, place.resolve()) if len(at.parts) > 2 or word == "HOME"}
    return sorted(((place, word) for place, word in found.items() if place != "/"), key=lambda pair: -len(pair[0]))


def _files(archive: Path) -> Iterator[tuple[str, str]]:
    """The texts of a tar archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() and member.size <= BYTES else None
            content = file.read() if file is not None else b"\0"
            if b"\0" not in content:
                yield member.name, content.decode("utf-8", "replace")
