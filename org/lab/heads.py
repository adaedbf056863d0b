"""Moves of a program's head: intent (ref, old, new) → update-ref → done. At start an intent is finished or dropped by
looking at the ref, so that a kill at any point neither loses a merge nor makes it twice."""

from datetime import datetime

from org.lab import announce, pools
from org.lab.lab import Lab
from org.model.experiment import Event, Experiment
from org.model.merge import Merge
from org.model.merge import State as MergeState
from org.model.program import Program
from org.model.run import Purpose
from org.model.run import State as RunState
from org.store import events, experiments, runs
from org.store.tables import MERGES, POOLS, PROGRAMS
from org.workspace import merges as git_merges
from org.workspace import refs, snapshots
from org.workspace.git import Identity


def settle_intents(lab: Lab, now: datetime) -> list[str]:
    """Finish or drop every merge that was begun: the ref says whether it happened."""
    done = []
    for merge in MERGES.select(lab.ledger.reader, "WHERE state = 'intent' ORDER BY id"):
        head = refs.head(lab.git, merge.ref)
        if head == merge.old:
            refs.update(lab.git, merge.ref, merge.new, merge.old)
            head = merge.new
        if head == merge.new:
            _finish(lab, merge, now)
            done.append(merge.experiment)
        else:
            _drop(lab, merge, head or "nothing", now)
    return done


def move(lab: Lab, experiment: Experiment, program: Program, tip: str, tree: str, now: datetime) -> bool:
    """Write the commit and the intent, then move the ref. A kill in between is settled at the next start."""
    assert program.head_commit is not None
    message = (
        f"{experiment.id}: {experiment.subject}\n\n{experiment.because}\n\nVerdict: {experiment.reason}\n"
        f"Label: {experiment.label_detail.get('reason') or 'none'}\n"
        f"Author: {experiment.author}\n"
    )
    author = Identity(experiment.author, f"{experiment.author}@{lab.config.lab}.org.invalid")
    new = git_merges.commit(lab.git, tree, [program.head_commit, tip], message, author)
    ref = refs.full(refs.program_branch(lab.config.lab, program.slug))
    with lab.ledger.transaction() as tx:
        merge = Merge(
            MERGES.next_id(tx), experiment.id, program.slug, ref, program.head_commit, new, tree, MergeState.INTENT, now
        )
        MERGES.insert(tx, merge)
        events.append(tx, "merge.intent", experiment.id, at=now, ref=ref, old=merge.old, new=new)
    refs.update(lab.git, ref, new, program.head_commit)
    _finish(lab, merge, now)
    return True


def _finish(lab: Lab, merge: Merge, now: datetime) -> None:
    """The ref has moved: the head, the new pool, the experiment and the news, in one transaction."""
    with lab.ledger.transaction() as tx:
        MERGES.update(tx, merge.id, state=MergeState.DONE, done_at=now)
        PROGRAMS.update(tx, merge.program, head_commit=merge.new)
        moved = experiments.move(tx, merge.experiment, Event.MERGE, now, merged_commit=merge.new)
        pool = pools.of_tree(lab, tx, merge.tree, now)
        accepted = [
            r for r in runs.of_experiment(tx, moved.id)
            if r.state is RunState.SUCCEEDED and r.tree == merge.tree and r.purpose in (Purpose.RACE, Purpose.RECHECK)
            and r.pool is not None and pools.is_current(lab, tx, POOLS.get(tx, r.pool))
        ]  # fmt: skip
        pools.carry_over(lab, tx, pool, accepted, now)
        events.append(tx, "merge.done", moved.id, at=now, program=merge.program, head=merge.new)
        announce.verdict(lab, tx, moved, now)


def _drop(lab: Lab, merge: Merge, found: str, now: datetime) -> None:
    with lab.ledger.transaction() as tx:
        MERGES.update(tx, merge.id, state=MergeState.DROPPED, done_at=now)
        events.append(tx, "merge.dropped", merge.experiment, at=now, expected=merge.old, found=found)
        announce.person(
            tx, f"{merge.ref} was moved by somebody else",
            f"The merge of {merge.experiment} expected {merge.old} and found {found}: the lab only merges onto heads that "
            "it measured.", now,
            id=f"merge-{merge.id}-dropped",
        )  # fmt: skip


def tree(lab: Lab, program: Program) -> str:
    assert program.root_commit is not None and program.head_commit is not None
    return snapshots.run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)
