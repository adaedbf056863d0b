"""The parts of a change, and the tree without each.

In this order: what its author marked (`org propose --part NAME=PATH`), its commits (those with the trailer `Part: NAME` in
one part), or each recipe key and each file of a single commit. A mark is NAME=PATH for a file (or a pattern), and
NAME=PATH#1,3 for hunks of its diff as `git diff` numbers them, or NAME=PATH#lr,decay for keys of a recipe; the same name
again adds to the part. What no mark covers is the part `rest`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from org.lab.lab import Lab
from org.lab.merging import trees as stack_trees
from org.model.errors import Refused
from org.model.experiment import Experiment
from org.workspace import changes, hunks, recipe, snapshots, trees
from org.workspace.git import Git
from org.workspace.merges import Conflict

REST = "rest"
Cover = dict[str, list[str]]  # path → its units: recipe keys, or numbers of hunks; none of them: the whole file
_LOG = "%H%x1f%P%x1f%s%x1f%(trailers:key=Part,valueonly,separator=%x2C)%x1e"


@dataclass(frozen=True, slots=True)
class Part:
    """tree: the change as it runs without this part; "" when it cannot be left out alone, and why."""

    name: str
    what: str
    tree: str
    why: str = ""


def of(lab: Lab, e: Experiment, marks: Sequence[str] = ()) -> list[Part]:
    """The parts of an experiment, by these marks or its author's. Refused when there is one only, or a mark fits nothing."""
    marked = _marked(lab, e.base_tree, e.run_tree, marks or [f"{name}={spec}" for name in e.parts for spec in e.parts[name]])
    if marked:
        found = [_covering(lab, e, name, cover) for name, cover in marked.items()]
    else:
        found = _of_commits(lab, e)
        if len(found) < 2:
            cells = _each(_cells(lab.git, lab.config.task.recipe, e.base_tree, e.run_tree))
            found = [_covering(lab, e, name, cover) for name, cover in cells.items()]
    if len(found) < 2:
        only = found[0].what if found else "nothing"
        raise Refused(
            f"{e.id} has one part only ({only}): there is nothing to leave out. Mark parts of it, "
            f"`org ablate {e.id} --part NAME=PATH#1,3 …` (hunks as `git diff {e.base_commit[:10]} {e.tip_commit[:10]}` numbers "
            "them), or commit in steps and propose again"
        )
    return found


def check(lab: Lab, base: str, tip: str, marks: Sequence[str]) -> dict[str, list[str]]:
    """The marks of a proposal, by name. Refused when one fits nothing that the change touches."""
    _marked(lab, base, tip, marks)
    by_name: dict[str, list[str]] = {}
    for name, spec in map(_split, marks):
        by_name.setdefault(name, []).append(spec)
    return by_name


def _split(mark: str) -> tuple[str, str]:
    name, equals, spec = mark.partition("=")
    if not (name.strip() and equals and spec.strip()):
        raise Refused(f"--part {mark!r}: want NAME=PATH, NAME=PATH#1,3 (hunks) or NAME=RECIPE#key,key")
    return name.strip(), spec.strip()


def _marked(lab: Lab, base: str, tip: str, marks: Sequence[str]) -> dict[str, Cover]:
    cells = _cells(lab.git, lab.config.task.recipe, base, tip)
    left = {path: list(units) for path, units in cells.items()}
    found: dict[str, Cover] = {}
    for mark in marks:
        name, spec = _split(mark)
        for path, units in _named(mark, spec, cells).items():
            if path not in left or not set(units) <= set(left[path]):
                raise Refused(f"--part {mark!r}: {path} is in another part already")
            left[path] = [unit for unit in left[path] if unit not in units]
            if not left[path]:
                del left[path]
            found.setdefault(name, {}).setdefault(path, []).extend(units)
    if marks and left:
        found[REST] = left
    return found


def _named(mark: str, spec: str, cells: Mapping[str, list[str]]) -> Cover:
    """What one mark covers."""
    pattern, hash_, wanted = spec.partition("#")
    paths = [path for path in cells if path == pattern or changes.is_editable(path, [pattern])]
    if not paths:
        raise Refused(f"--part {mark!r}: the change touches nothing of that name; it touches {', '.join(cells)}")
    if not hash_:
        return {path: list(cells[path]) for path in paths}
    units = [unit.strip() for unit in wanted.split(",")]
    for path in paths:
        unknown = [unit for unit in units if unit not in cells[path]]
        if unknown:
            has = ", ".join(cells[path]) or "no hunks: it was added, deleted, or is no text"
            raise Refused(f"--part {mark!r}: {path} has no {', '.join(unknown)}; it has {has}")
    return {path: list(units) for path in paths}


def _cells(git: Git, recipes: Iterable[str], base: str, tip: str) -> Cover:
    """Every changed path with the units that can be left out by themselves."""
    found: Cover = {}
    for change in changes.changes(git, base, tip):
        whole = change.status != "M"
        if not whole and change.path in recipes:
            found[change.path] = list(recipe.changed_keys(*(_text(git, side, change.path) for side in (base, tip))))
        else:
            found[change.path] = [] if whole else [str(h.number) for h in hunks.of(git, base, tip, change.path)]
        if not found[change.path]:
            found[change.path] = [""]  # the file is one unit
    return found


def _each(cells: Cover) -> dict[str, Cover]:
    """A part for each recipe key and for each other file."""
    found: dict[str, Cover] = {}
    for path, units in cells.items():
        if units[0].isdigit() or units == [""]:
            found[path] = {path: units}
        else:
            found |= {key: {path: [key]} for key in units}
    return found


def _covering(lab: Lab, e: Experiment, name: str, cover: Cover) -> Part:
    """The part that covers these units, and the tree without them."""
    git, cells = lab.git, _cells(lab.git, lab.config.task.recipe, e.base_tree, e.run_tree)
    files: dict[str, trees.Blob | None] = {}
    for path, units in cover.items():
        before, after = trees.blob_at(git, e.base_tree, path), trees.blob_at(git, e.run_tree, path)
        if set(units) == set(cells[path]) or before is None or after is None:
            files[path] = before
        elif units[0].isdigit():
            files[path] = trees.store(git, hunks.without(git, e.base_tree, e.run_tree, path, set(map(int, units))), after.mode)
        else:
            left = recipe.without(trees.text(git, before), trees.text(git, after), units)
            files[path] = trees.store(git, left, after.mode)
    what = "; ".join(_what(git, e, path, units, cells[path]) for path, units in cover.items())
    return Part(name, what, trees.overlay(git, e.run_tree, files))


def _what(git: Git, e: Experiment, path: str, units: Sequence[str], every: Sequence[str]) -> str:
    if units[0].isdigit() or units[0] == "":
        return path if set(units) == set(every) else f"{path} hunk{'s' * (len(units) > 1)} {', '.join(units)}"
    old, new = (_text(git, side, path) for side in (e.base_tree, e.run_tree))
    return ", ".join(f"{key} {recipe.value(old, key)} → {recipe.value(new, key)}" for key in units)


def _of_commits(lab: Lab, e: Experiment) -> list[Part]:
    """A part for each commit, or for all with the same `Part:`; none when a merge is among them."""
    out = lab.git.run("log", "--reverse", f"--format={_LOG}", f"{e.base_commit}..{e.tip_commit}", "--")
    commits = [entry.strip("\n").split("\x1f") for entry in out.split("\x1e") if entry.strip("\n")]
    if any(len(parents.split()) != 1 for _, parents, _, _ in commits):
        return []
    groups: dict[str, list[tuple[str, str]]] = {}
    subjects: dict[str, str] = {}
    for sha, _, subject, trailer in commits:
        name = trailer.strip() or sha[:10]
        groups.setdefault(name, []).append((sha, subject))
        subjects[name] = ", ".join(f"{sha[:10]} {subject}" for sha, subject in groups[name])
    return [_without_commits(lab, e, name, [sha for sha, _ in group], subjects[name]) for name, group in groups.items()]


def _without_commits(lab: Lab, e: Experiment, name: str, commits: Sequence[str], what: str) -> Part:
    """The change with these commits taken back, the newest first; those after them stay on top."""
    tree = e.run_tree
    for sha in reversed(commits):
        outcome = stack_trees.put(lab, tree, sha, f"{sha}^")
        if isinstance(outcome, Conflict):
            return Part(name, what, "", f"what comes after stands on it: {outcome.detail}")
        tree = outcome.tree
    return Part(name, what, snapshots.run_tree(lab.git, e.run_tree, tree, lab.config.task.editable, lab.config.task.protected))


def _text(git: Git, side: str, path: str) -> str:
    blob = trees.blob_at(git, side, path)
    assert blob is not None, path
    return trees.text(git, blob)
