"""The hunks of one file's diff by number, as `git diff` shows them, and the file without some of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from org.workspace import trees
from org.workspace.git import Git

_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `old` (first, count) of the base became lines `new` of the tip; numbered from 1."""

    number: int
    old: tuple[int, int]
    new: tuple[int, int]
    within: str  # the function around it, as git says


def of(git: Git, base: str, tip: str, path: str) -> list[Hunk]:
    """The hunks of a text file that both sides have; [] for any other change."""
    out = git.run("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "-U3", base, tip, "--", path)
    heads = [found for line in out.split("\n") if (found := _HEAD.match(line))]
    return [_hunk(number, head) for number, head in enumerate(heads, 1)]


def without(git: Git, base: str, tip: str, path: str, numbers: Collection[int]) -> str:
    """The tip's file with these hunks as they are in the base."""
    old, new = (_lines(git, side, path) for side in (base, tip))
    for hunk in reversed(of(git, base, tip, path)):
        if hunk.number in numbers:
            start, count = hunk.new
            was, length = hunk.old
            new[start : start + count] = old[was : was + length]
    return "".join(new)


def _hunk(number: int, head: re.Match[str]) -> Hunk:
    sides = ((int(head[1]), int(head[2] or 1)), (int(head[3]), int(head[4] or 1)))
    # git counts lines from 1; of an empty side it names the line before it.
    old, new = ((first - 1 if count else first, count) for first, count in sides)
    return Hunk(number, old, new, head[5].strip())


def _lines(git: Git, side: str, path: str) -> list[str]:
    blob = trees.blob_at(git, side, path)
    assert blob is not None, path
    return re.findall(r"[^\n]*\n|[^\n]+", trees.text(git, blob))
