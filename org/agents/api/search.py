"""`python -I -S search.py PATTERN PATH [GLOB]`: lines that match a regular expression, for machines without ripgrep.

Imports nothing of org: it runs as a process of its own, so that a slow pattern can be ended.
"""

import fnmatch
import os
import re
import sys
from collections.abc import Iterator

LARGEST = 2_000_000  # bytes of a file that is looked into
LONGEST = 300  # characters of a line that are shown


def main(arguments: list[str]) -> int:
    pattern, path, *glob = arguments
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        print(f"the pattern is not a regular expression: {error}")
        return 2
    found = 0
    for file in files(path, glob[0] if glob else "*"):
        for number, line in lines(file):
            if wanted.search(line):
                found += 1
                print(f"{file}:{number}:{line[:LONGEST]}")
    return 0 if found else 1


def files(path: str, glob: str) -> Iterator[str]:
    """The files below path, or path itself; hidden folders are passed over."""
    if os.path.isfile(path):
        yield path
    for folder, names, found in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith(".") and name != "__pycache__")
        for name in sorted(found):
            if fnmatch.fnmatch(name, glob.rpartition("/")[2]):
                yield os.path.normpath(os.path.join(folder, name))


def lines(file: str) -> Iterator[tuple[int, str]]:
    """A text file's lines with their numbers; nothing of a large or binary one."""
    try:
        if os.path.getsize(file) > LARGEST:
            return
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError:
        return
    if b"\0" not in data[:8192]:
        yield from enumerate(data.decode("utf-8", "replace").splitlines(), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
