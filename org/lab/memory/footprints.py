"""What a change touches, apart from how it is written: files, recipe keys with their values, the lines it adds and removes,
and two digests that tell whether two trees run the same code.

It follows from trees alone, so what was worked out is kept in one file of JSON lines that may be lost at any time.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from org.agents.offline import recipe
from org.lab.lab import Lab
from org.model.errors import OrgError, Refused
from org.model.experiment import Experiment
from org.store import meta
from org.store.tables import EVENTS
from org.workspace import changes, contents, diff, meaning, trees
from org.workspace.changes import Change
from org.workspace.git import Git

LINES_KEPT = 400
MARKS = ("+++", "---")  # a diff's own lines


@dataclass(frozen=True, slots=True)
class Footprint:
    """paths: files that mean something else afterwards, recipes aside. recipe: key → [before, after], null where there is
    none. base, code: digests of both trees; equal digests run alike. lines: digests of the changed lines of paths."""

    base: str
    code: str
    paths: tuple[str, ...] = ()
    recipe: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    lines: frozenset[str] = frozenset()

    @property
    def surfaces(self) -> tuple[str, ...]:
        """What it works on: recipe keys, then files."""
        return (*self.recipe, *self.paths)

    @property
    def values(self) -> dict[str, Any]:
        """The recipe values that it sets."""
        return {key: after for key, (_, after) in self.recipe.items()}


def of(lab: Lab, experiments: Iterable[Experiment]) -> dict[str, Footprint]:
    """Experiment → its footprint. One whose trees are gone from the repository is left out; all are where the lab has no root
    yet."""
    kept = _worked_out(lab)
    found = {}
    for e in experiments:
        known = kept.get((e.base_tree, e.run_tree))
        try:
            found[e.id] = known or measure(lab, e.base_tree, e.run_tree)
        except OrgError:  # an object that somebody's git gc took, or no root yet
            continue
    return found


def known(lab: Lab, experiments: Iterable[Experiment]) -> dict[str, Footprint]:
    """The same of those that were worked out before: no git, for as many experiments as there are."""
    kept = _worked_out(lab)
    found = ((e.id, kept.get((e.base_tree, e.run_tree))) for e in experiments)
    return {id: footprint for id, footprint in found if footprint is not None}


def measure(lab: Lab, base_tree: str, run_tree: str) -> Footprint:
    """Work the footprint of one change out, and keep it."""
    root_tree = trees.tree_of(lab.git, _root(lab))
    ways = [changes.changes(lab.git, *pair) for pair in ((root_tree, base_tree), (root_tree, run_tree), (base_tree, run_tree))]
    texts = contents.of_blobs(lab.git, (sha for way in ways for c in way for sha in (c.was, c.sha)))
    differ = [c for c in ways[2] if _meaning(c.path, texts, c.was) != _meaning(c.path, texts, c.sha)]
    recipes = {c.path: _values(texts.get(c.was, ""), texts.get(c.sha, "")) for c in differ if c.path in lab.config.task.recipe}
    paths = tuple(c.path for c in differ if not recipes.get(c.path))
    values = {key: pair for changed in recipes.values() for key, pair in changed.items()}
    lines = _lines(lab, base_tree, run_tree, paths)
    made = Footprint(_code(ways[0], texts), _code(ways[1], texts), paths, values, lines)
    _keep(lab, base_tree, run_tree, made)
    return made


def _root(lab: Lab) -> str:
    """The commit from which digests are taken: the lab's first root as long as git has it. `org root` changes none of them;
    else the next proposals would wait until every experiment was worked out again."""
    root = meta.get(lab.ledger.reader, "root_commit")
    if root is None:
        raise Refused("the lab has no root commit yet, so nothing can be told of what a change touches; `org start` founds it")
    first = EVENTS.select(lab.ledger.reader, "WHERE kind = 'lab.root' ORDER BY id LIMIT 1")
    commit = str(first[0].detail["commit"]) if first else root
    return commit if _is_there(lab.git, commit) else root


@lru_cache
def _is_there(git: Git, commit: str) -> bool:
    return git.ask("cat-file", "-e", f"{commit}^{{commit}}").code == 0


def _version(lab: Lab) -> str:
    """Digests from another commit, or by another Python, are not comparable: ast writes a tree in its own way in each."""
    return f"1 python {sys.version_info.major}.{sys.version_info.minor} root {_root(lab)}"


def _meaning(path: str, texts: Mapping[str, str], sha: str) -> str:
    """Of one side of a change; what is no file there, or no text, is its sha."""
    return meaning.of_file(path, texts[sha]) if sha in texts else sha


def _code(way: Iterable[Change], texts: Mapping[str, str]) -> str:
    """The digest of a tree, as its differences in meaning from the lab's first root."""
    digest = hashlib.sha256()
    for change in way:
        after = _meaning(change.path, texts, change.sha)
        if after != _meaning(change.path, texts, change.was):
            digest.update(f"{change.path}\0{after}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _values(before: str, after: str) -> dict[str, list[Any]]:
    """The keys of a flat recipe whose values differ; none for a file that is no flat recipe."""
    try:
        old, new = (recipe.values(text) if text.strip() else {} for text in (before, after))
    except OrgError:
        return {}
    return {key: [old.get(key), new.get(key)] for key in recipe.changed(old, new)}


def _lines(lab: Lab, base_tree: str, run_tree: str, paths: Sequence[str]) -> frozenset[str]:
    if not paths:
        return frozenset()
    text = diff.diff(lab.git, base_tree, run_tree, paths, limit=200_000)
    changed = (line[0] + " ".join(line[1:].split()) for line in text.splitlines() if line[:1] in "+-" and line[:3] not in MARKS)
    told = [line for line in changed if len(line) > 2][:LINES_KEPT]
    return frozenset(hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()[:8] for line in told)


def _worked_out(lab: Lab) -> dict[tuple[str, str], Footprint]:
    """(base, run) trees → footprint, of those that were worked out before from today's root."""
    return dict(_kept(lab, _version(lab))) if meta.get(lab.ledger.reader, "root_commit") is not None else {}


def _kept(lab: Lab, version: str) -> Iterator[tuple[tuple[str, str], Footprint]]:
    """What the file holds. A torn line, or one of another version, is passed over."""
    try:
        text = lab.layout.footprints.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            row = json.loads(line)
            if row.pop("version") == version:
                trees_of = (row.pop("base_tree"), row.pop("run_tree"))
                yield trees_of, Footprint(**{**row, "paths": tuple(row["paths"]), "lines": frozenset(row["lines"])})
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _keep(lab: Lab, base_tree: str, run_tree: str, made: Footprint) -> None:
    """One write a line: two processes at once leave two lines."""
    of_trees = {"version": _version(lab), "base_tree": base_tree, "run_tree": run_tree}
    row = {**asdict(made), "lines": sorted(made.lines), **of_trees}
    handle = os.open(lab.layout.footprints, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        os.write(handle, (json.dumps(row) + "\n").encode())
    finally:
        os.close(handle)
