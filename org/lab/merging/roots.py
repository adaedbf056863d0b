"""`org root`: a person's commit as what the lab, or one program, stands on.

What was merged goes on from there: the change from the old root to the old head is put on the new root as one. The lab's
root takes every open program with it; a program's own root must leave the task as it is. (A root that config.yaml changes
at the founding is a person's commit as well: founding.py makes it, the ledger keeps it in the same place.)
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.lab import environment
from org.lab.lab import Lab
from org.lab.merging import heads
from org.model.errors import OrgError, Refused, WorkspaceError
from org.model.merge import Kind, Merge
from org.model.program import Program, State
from org.store import meta
from org.store.tables import AGENTS, MERGES, PROGRAMS
from org.workspace import changes, recipe, refs, snapshots, trees, worktrees
from org.workspace import merges as git_merges

WORDS = recipe.Words(ours="the new root", theirs="merged", before="the old root")


@dataclass(frozen=True, slots=True)
class Plan:
    """One head on the new root. program: "" for the lab's. carried: whether there are merges to carry over."""

    program: str
    old: str
    tree: str  # the new head's, as it runs
    carried: bool


def check(lab: Lab, commit: str, slug: str | None) -> tuple[str, list[Plan]]:
    """The commit's id and every head that it would be put under. Refused where nothing could be proposed on it, or where
    what was merged does not go on it."""
    con = lab.ledger.reader
    root = refs.resolve(lab.git, commit)
    _refuse_uncommitted(lab, root)
    _refuse_tree(lab, root)
    wanted = [PROGRAMS.get(con, slug)] if slug else _open(con)
    if slug and wanted[0].state not in (State.OPEN, State.PAUSED):
        raise Refused(f"program {slug} is {wanted[0].state.value}; only an open one has a root to change")
    plans = [] if slug else [_of_lab(lab, con, root)]
    return root, plans + [_of_program(lab, program, root) for program in wanted]


def _open(con: sqlite3.Connection) -> list[Program]:
    """Programs that stand on the lab's root."""
    return PROGRAMS.select(con, "WHERE state IN ('open', 'paused') ORDER BY opened_at")


def task_of(lab: Lab, root: str, slug: str | None) -> dict[str, str]:
    """The environment as the root's own code tells it, prepared if it must be. Takes as long as the task's `prepare`.
    Refused for a program's own root when that is another environment than the lab's."""
    found = environment.examine(lab, root)
    if slug and found["environment"] != meta.get(lab.ledger.reader, "environment"):
        raise Refused(
            f"at {root[:12]} the task itself is another one (its fingerprint differs): it cannot be the root of {slug} alone. "
            f"`org root {root[:12]} --why …` makes it the lab's, with every open program"
        )
    return found


def begin(lab: Lab, commit: str, slug: str | None, why: str, found: dict[str, str], actor: str, now: datetime) -> str:
    """Put every head on the new root. After a kill in between, what was begun is finished first."""
    if AGENTS.find(lab.ledger.reader, actor) is not None:
        raise Refused("what the lab stands on is for a person to say; `org ask …` puts it to them")
    if not why.strip():
        raise Refused("--why needs words: every pool is measured anew")
    affected = [slug] if slug else ["", *(program.slug for program in _open(lab.ledger.reader))]
    heads.settle_of(lab, now, affected, commit)
    root = refs.resolve(lab.git, commit)
    if _done(lab, root, slug):
        return _words(lab, root, slug)
    root, plans = check(lab, commit, slug)
    with lab.ledger.transaction() as tx:
        begun = [_intend(lab, tx, plan, root, why.strip(), found, actor, now) for plan in plans]
    moved = [heads.carry_out(lab, move, now) for move in begun]
    if not all(moved):
        raise Refused("a head was moved by somebody else meanwhile; the person's inbox says which")
    return _words(lab, root, slug)


def _done(lab: Lab, root: str, slug: str | None) -> bool:
    con = lab.ledger.reader
    newest = MERGES.select(con, "WHERE state = 'done' AND program = ? ORDER BY id DESC LIMIT 1", slug or "")
    return bool(newest) and newest[0].kind is Kind.ROOT and newest[0].detail["root"] == root


def _words(lab: Lab, root: str, slug: str | None) -> str:
    where = f"program {slug}" if slug else f"lab {lab.config.lab} and its open programs"
    return f"{root[:12]} is the root of {where}; pools are measured anew, who works there is told"


def _refuse_uncommitted(lab: Lab, root: str) -> None:
    """A person who means HEAD means what the files say."""
    dirty = worktrees.status(lab.layout.root).dirty if root == refs.resolve(lab.git, "HEAD") else ()
    if dirty:
        raise Refused(f"not committed: {', '.join(dirty[:5])}; a root is a commit: commit them or `git restore` them, then again")


def _refuse_tree(lab: Lab, root: str) -> None:
    """Nothing could be proposed on a tree without the files that a proposal edits."""
    task = lab.config.task
    there = trees.listing(lab.git, root)
    editable = [path for path in there if changes.is_editable(path, task.editable, task.protected)]
    odd = [path for path in editable if there[path].mode in (changes.SYMLINK, changes.SUBMODULE)]
    if odd:
        raise Refused(f"{odd[0]} at {root[:12]} is a link or a submodule where agents edit; put a regular file there")
    for pattern in task.editable:
        if not any(changes.is_editable(path, [pattern]) for path in editable):
            raise Refused(f"{root[:12]} has nothing at {pattern}, which agents edit (task.editable): nothing could be proposed")
    for path in task.recipe:
        blob = trees.blob_at(lab.git, root, path)
        if blob is None:
            raise Refused(f"{root[:12]} has no {path} (task.recipe)")
        try:
            recipe.changed_keys("", trees.text(lab.git, blob))
        except WorkspaceError as error:
            raise Refused(f"{path} at {root[:12]}: {error}") from error


def _of_lab(lab: Lab, con: sqlite3.Connection, root: str) -> Plan:
    wrong = heads.objection(lab, con)
    old = meta.get(con, "root_commit")
    head = refs.head(lab.git, refs.head_branch(lab.config.lab))
    assert old is not None
    if head == root and wrong is not None:  # somebody put the branch there by hand: that is what it asks for
        return Plan("", root, trees.tree_of(lab.git, root), False)
    if wrong is not None:
        raise Refused(wrong)
    if root == old:
        raise Refused(f"{root[:12]} is the lab's root already")
    assert head is not None
    return Plan("", head, _carried(lab, root, old, head, lab.config.task.editable, "the lab"), head != old)


def _of_program(lab: Lab, program: Program, root: str) -> Plan:
    found = refs.head(lab.git, refs.program_branch(lab.config.lab, program.slug))
    old, head = program.root_commit, program.head_commit
    assert old is not None and head is not None
    if found != head:
        raise Refused(heads.astray(lab.ledger.reader, program.slug, f"the branch of {program.slug}", head, found))
    if root == old:
        raise Refused(f"{root[:12]} is the root of {program.slug} already")
    return Plan(program.slug, head, _carried(lab, root, old, head, program.editable, program.slug), head != old)


def _carried(lab: Lab, root: str, old: str, head: str, editable: tuple[str, ...], name: str) -> str:
    """The root's tree with what was merged since the old root."""
    if head == old:
        return trees.tree_of(lab.git, root)
    outcome = git_merges.applied(lab.git, root, old, head, lab.config.task.recipe, WORDS)
    if isinstance(outcome, git_merges.Conflict):
        branch = refs.program_branch(lab.config.lab, name) if name != "the lab" else refs.head_branch(lab.config.lab)
        raise Refused(
            f"what {name} has merged does not go on {root[:12]}: {outcome.detail}\nMerge {branch} into your commit first, take "
            "the change out with `org revert`, or close the program"
        )
    return snapshots.run_tree(lab.git, root, outcome.tree, editable, lab.config.task.protected)


def _intend(
    lab: Lab, con: sqlite3.Connection, plan: Plan, root: str, why: str, found: dict[str, str], actor: str, now: datetime
) -> Merge:  # fmt: skip
    new = root
    if plan.carried or not _contains(lab, root, plan.old):
        # The old head stays reachable; the first parent is the root.
        said = f"Root {root[:12]} under {plan.program or 'the lab'}\n\n{why}\n"
        new = git_merges.commit(lab.git, plan.tree, [root, plan.old], said)
    detail: dict[str, Any] = {"root": root, "root_tree": trees.tree_of(lab.git, root), "by": actor, "why": why}
    if not plan.program:
        detail |= found
    return heads.intend(lab, con, Kind.ROOT, root, plan.program, plan.old, new, plan.tree, now, **detail)


def _contains(lab: Lab, root: str, commit: str) -> bool:
    return lab.git.ask("merge-base", "--is-ancestor", commit, root).code == 0


def first(lab: Lab, con: sqlite3.Connection, root: str, note: str | None) -> None:
    """The root that a lab is founded with."""
    if meta.get(con, "root_commit") is not None:
        raise OrgError(f"lab {lab.config.lab} has a root already; `org root COMMIT --why …` changes it")
    meta.put(con, "root_commit", root)
    meta.put(con, "root_note", note)
