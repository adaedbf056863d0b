"""Diffs, subjects and line counts, as people and pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from org.workspace.git import Git


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of text that a range added and removed; binary files count nothing."""

    added: int
    removed: int


def diff(git: Git, base: str, tip: str, paths: Sequence[str] | None = None, limit: int = 40_000) -> str:
    """The unified diff, cut after `limit` characters with a line that says how many are left out."""
    whole = git.run("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", base, tip, *_only(paths))
    if len(whole) <= limit:
        return whole
    cut = whole.rfind("\n", 0, limit)
    end = cut if cut > 0 else limit
    return f"{whole[:end]}\n[{len(whole) - end} more characters: git diff {base} {tip}]"


def log_subjects(git: Git, base: str, tip: str) -> list[str]:
    """The first line of each commit in base..tip, oldest first."""
    return git.run("log", "--reverse", "--format=%s", f"{base}..{tip}", "--").splitlines()


def lines(git: Git, base: str, tip: str, paths: Sequence[str] | None = None) -> Lines:
    """How many lines were added and removed between two commits."""
    out = git.run("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", base, tip, *_only(paths))
    counts = [entry.split("\t")[:2] for entry in out.split("\0") if entry]
    text = [(int(added), int(removed)) for added, removed in counts if added != "-"]
    return Lines(sum(added for added, _ in text), sum(removed for _, removed in text))


def _only(paths: Sequence[str] | None) -> list[str]:
    return ["--", *(paths or [])]
