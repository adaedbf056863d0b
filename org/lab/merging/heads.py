"""Moves of heads, the programs' and the lab's: intent (ref, old, new) → update-ref → done. At start an intent is finished or
dropped by looking at the ref, so that a kill at any point neither loses a move nor makes it twice."""

import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Any

from org.lab import announce
from org.lab.apart import Apart
from org.lab.lab import Lab
from org.lab.merging import arrivals
from org.model.errors import OrgError, Refused
from org.model.experiment import Experiment
from org.model.merge import Kind, Merge, State
from org.model.program import Program
from org.store import events, meta
from org.store.tables import MERGES
from org.workspace import merges as git_merges
from org.workspace import refs, snapshots
from org.workspace.git import Identity


def settle_intents(lab: Lab, now: datetime, outer: Apart | None = None) -> list[str]:
    """Finish or drop every move that was begun: the ref says whether it happened. Returns the experiments that were merged
    or taken out. One that cannot be finished stays begun; its error goes to outer, or is raised at the end."""
    done = []
    with Apart(outer) as apart:
        for begun in MERGES.select(lab.ledger.reader, "WHERE state = 'intent' ORDER BY id"):
            with apart.one():
                if carry_out(lab, begun, now):
                    done.append(begun)
    return list(dict.fromkeys(move.experiment for move in done if move.kind in (Kind.MERGE, Kind.REVERT)))


def settle_of(lab: Lab, now: datetime, programs: Collection[str], asked: str) -> None:
    """Finish what was begun on the heads of these programs ("": the lab's) before they are moved for `asked`. What is stuck
    on another head is not looked at; what is stuck on one of these is Refused in words about what was asked."""
    for begun in MERGES.select(lab.ledger.reader, "WHERE state = 'intent' ORDER BY id"):
        if begun.program in programs:
            try:
                carry_out(lab, begun, now)
            except OrgError as error:
                if begun.experiment == asked:
                    raise
                raise Refused(
                    f"nothing was begun for {asked}: the {begun.kind.value} of {begun.experiment} on the same head has begun and "
                    f"cannot end ({error}); it is tried again all the time, ask again then (`org log {begun.experiment}`)"
                ) from error


def move(lab: Lab, experiment: Experiment, program: Program, tip: str, tree: str, now: datetime) -> bool:
    """Merge an experiment into its program's head."""
    assert program.head_commit is not None
    message = (
        f"{experiment.id}: {experiment.subject}\n\n{experiment.because}\n\nVerdict: {experiment.reason}\n"
        f"Label: {experiment.label_detail.get('reason') or 'none'}\n"
        f"Author: {experiment.author}\n"
    )
    author = Identity(experiment.author, f"{experiment.author}@{lab.config.lab}.org.invalid")
    new = git_merges.commit(lab.git, tree, [program.head_commit, tip], message, author)
    with lab.ledger.transaction() as tx:
        begun = intend(lab, tx, Kind.MERGE, experiment.id, program.slug, program.head_commit, new, tree, now)
    return carry_out(lab, begun, now)


def intend(
    lab: Lab, con: sqlite3.Connection, kind: Kind, subject: str, program: str, old: str, new: str, tree: str, now: datetime,
    **detail: Any,
) -> Merge:  # fmt: skip
    """Write down that a program's head ("": the lab's) is about to move from commit old to commit new, which runs as tree."""
    ref = refs.full(refs.program_branch(lab.config.lab, program) if program else refs.head_branch(lab.config.lab))
    begun = Merge(
        MERGES.next_id(con), subject, program, ref, old, new, tree, State.INTENT, now, kind=kind, detail=detail
    )  # fmt: skip
    MERGES.insert(con, begun)
    events.append(con, f"{kind.value}.intent", subject, at=now, ref=ref, old=old, new=new)
    return begun


def carry_out(lab: Lab, begun: Merge, now: datetime) -> bool:
    """Move the ref and say so in the ledger. False when somebody else has moved it: then the move is dropped."""
    head = refs.head(lab.git, begun.ref)
    if head == begun.old:
        refs.update(lab.git, begun.ref, begun.new, begun.old)
        head = begun.new
    if head != begun.new:
        _drop(lab, begun, head or "nothing", now)
        return False
    with lab.ledger.transaction() as tx:
        MERGES.update(tx, begun.id, state=State.DONE, done_at=now)
        arrivals.ARRIVALS[begun.kind](lab, tx, begun, now)
    return True


def _drop(lab: Lab, begun: Merge, found: str, now: datetime) -> None:
    with lab.ledger.transaction() as tx:
        MERGES.update(tx, begun.id, state=State.DROPPED, done_at=now)
        events.append(tx, f"{begun.kind.value}.dropped", begun.experiment, at=now, expected=begun.old, found=found)
        announce.person(
            tx, f"{begun.ref} was moved by somebody else",
            f"The {begun.kind.value} of {begun.experiment} expected {begun.old} and found {found}: the lab only moves heads "
            "that it measured.", now,
            id=f"merge-{begun.id}-dropped",
        )  # fmt: skip


def tree(lab: Lab, program: Program) -> str:
    """A program's head as it is run."""
    assert program.root_commit is not None and program.head_commit is not None
    return snapshots.run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)


def is_moving(con: sqlite3.Connection, program: str) -> bool:
    """Whether a move of a program's head was begun and is not told in the ledger yet: its branch may be anywhere."""
    return bool(MERGES.count(con, "WHERE state = 'intent' AND program = ?", program))


def astray(con: sqlite3.Connection, program: str, ref: str, wanted: str | None, found: str | None) -> str:
    """Why a head's branch is not where the ledger has it: a move of the lab's own that has not ended, or somebody else's."""
    begun = MERGES.select(con, "WHERE state = 'intent' AND program = ? ORDER BY id LIMIT 1", program)
    if begun:
        id = begun[0].experiment
        return f"{ref} is being moved: the {begun[0].kind.value} of {id} has begun and not ended; ask again then (`org log {id}`)"
    return f"{ref} was moved by somebody else: {wanted} was expected there, {found or 'nothing'} is"


def of_lab(lab: Lab, con: sqlite3.Connection) -> str:
    """The commit that new programs open from: where stacks and roots left the lab's head."""
    found = meta.get(con, "head_commit") or meta.get(con, "root_commit")
    assert found is not None
    return found


def objection(lab: Lab, con: sqlite3.Connection) -> str | None:
    """What is wrong with the lab's branch when it is not where the lab left it; None when all is well."""
    name = refs.head_branch(lab.config.lab)
    found, wanted = refs.head(lab.git, name), of_lab(lab, con)
    if found == wanted:
        return None
    if is_moving(con, ""):
        return astray(con, "", name, wanted, found)
    if found is None:
        return f"the branch {name} is gone; put it back: git branch {name} {wanted}"
    return (
        f"{name} was moved by somebody else: {wanted} was expected there, {found} is. Put it back "
        f"(`git update-ref {refs.full(name)} {wanted}`), or make your commit the root: `org root {found[:12]} --why …`"
    )
