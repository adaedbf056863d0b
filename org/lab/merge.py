"""Merges into a program's head, one at a time: intent (ref, old, new) → update-ref → done. At start an intent is
finished or dropped by looking at the ref. If the head moved since the experiment's base, the lab rebases the change and
re-checks it with four runs against the head's own pool."""

import dataclasses
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.lab import announce, crashes, judge, pools
from org.lab.lab import Lab
from org.model.experiment import Claim, Event, Experiment, State
from org.model.merge import Merge
from org.model.merge import State as MergeState
from org.model.message import OFFICE
from org.model.program import Event as ProgramEvent
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.science import race
from org.science.decision import Cause, Decision
from org.store import events, experiments, programs, reads, rows, runs
from org.store.tables import EXPERIMENTS, MERGES, POOLS, PROGRAMS
from org.workspace import merges as git_merges
from org.workspace import refs, snapshots
from org.workspace.git import Identity

RECHECK_RUNS = 4
RECHECK_Z = 1.0


def step(lab: Lab, now: datetime) -> list[str]:
    """Finish intents, then advance the oldest queued experiment of each program. Returns the experiments that moved."""
    changed = settle_intents(lab, now)
    seen: set[str] = set()
    for experiment in experiments.in_state(lab.ledger.reader, State.QUEUED):
        program = PROGRAMS.get(lab.ledger.reader, experiment.program)
        if experiment.program in seen or program.state is ProgramState.PAUSED:
            continue
        seen.add(experiment.program)
        if _is_ours(lab, program):
            moved = _advance(lab, experiment, program, now)
        else:
            moved = _stop_merging(lab, experiment, program, now)
        if moved:
            changed.append(experiment.id)
    return changed


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


def _is_ours(lab: Lab, program: Program) -> bool:
    """Whether the program's branch is where the lab left it."""
    return refs.head(lab.git, refs.program_branch(lab.config.lab, program.slug)) == program.head_commit


def _stop_merging(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    """Somebody else moved the branch: the lab only merges onto heads that it measured. An open program is paused until a
    person has decided; in a closed one nobody will."""
    name = refs.program_branch(lab.config.lab, program.slug)
    found = refs.head(lab.git, name) or "nothing"
    reason = f"{name} was moved by somebody else: {program.head_commit} was expected there, {found} is"
    with lab.ledger.transaction() as tx:
        if program.state is ProgramState.CLOSED:
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
        programs.move(tx, program.slug, ProgramEvent.PAUSE, now, OFFICE, reason)
        announce.person(
            tx, f"{name} was moved by somebody else",
            f"{experiment.id} waits to be merged, but {reason}. Put the branch back to {program.head_commit} and "
            f"`org resume {program.slug}`, or close the program.", now,
        )  # fmt: skip
    return False


def _advance(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    head = program.head_commit
    assert head is not None
    if experiment.base_commit == head:
        return _intend(lab, experiment, program, experiment.tip_commit, experiment.run_tree, now)
    if experiment.merge_onto != head or not _is_current(lab, experiment):
        return _rebase(lab, experiment, program, now)
    assert experiment.merge_tree is not None
    return _recheck(lab, experiment, program, now)


def _is_current(lab: Lab, experiment: Experiment) -> bool:
    con = lab.ledger.reader
    return experiment.pool is not None and pools.is_current(lab, con, POOLS.get(con, experiment.pool))


def _rebase(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    """Merge the change onto the moved head and ask for four runs of the result; a conflict goes back to its author."""
    assert program.head_commit is not None and program.root_commit is not None
    task = lab.config.task
    merged = git_merges.merge(lab.git, program.head_commit, experiment.tip_commit, task.recipe)
    with lab.ledger.transaction() as tx:
        if isinstance(merged, git_merges.Conflict):
            reason = f"does not merge with the head, which moved to {program.head_commit[:8]}: {merged.detail}"
            moved = experiments.move(tx, experiment.id, Event.CONFLICT, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
        tree = snapshots.run_tree(lab.git, program.root_commit, merged.tree, program.editable, task.protected)
        pool = pools.of_tree(lab, tx, _head_tree(lab, program), now)
        if tree == pool.tree:
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason="the head already has this change")
            announce.verdict(lab, tx, moved, now)
            return True
        EXPERIMENTS.update(tx, experiment.id, merge_tree=tree, merge_onto=program.head_commit, pool=pool.id)
        events.append(tx, "experiment.rebased", experiment.id, at=now, onto=program.head_commit, tree=tree)
        fresh = EXPERIMENTS.get(tx, experiment.id)
        for slot in range(RECHECK_RUNS):
            judge.queue_candidate(lab, tx, fresh, tree, slot, now, Purpose.RECHECK)
        have = sum(v is not None for v in pools.values(lab, tx, pool.id))
        pools.queue_runs(lab, tx, pool, max(0, RECHECK_RUNS - have), now, program.slug, experiment.id)
    return True


def _recheck(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    """Once the four runs are in: merge if they still beat the head's pool by z ≥ 1."""
    if runs.outstanding_of(lab.ledger.reader, experiment.id):
        return False
    with lab.ledger.transaction() as tx:
        candidates = [
            r for r in reads.candidate_runs(tx, experiment.id, Purpose.RECHECK)
            if r.tree == experiment.merge_tree and r.pool == experiment.pool
        ]  # fmt: skip
        ending = crashes.of_arm(candidates)
        if ending is not None and ending.retry is not None:
            judge.queue_candidate(
                lab, tx, experiment, ending.retry.tree, ending.retry.slot, now, Purpose.RECHECK,
                ending.retry.attempt + int(ending.counts),
            )  # fmt: skip
            return False
        decision = _decision(lab, tx, experiment, candidates)
        if ending is None and decision.cause is Cause.NEEDS_RUNS:
            assert experiment.pool is not None
            pool = POOLS.get(tx, experiment.pool)
            pools.queue_runs(lab, tx, pool, decision.add_base_runs, now, program.slug, experiment.id)
            return False
        _record(tx, experiment, decision, now)
        if ending is not None or decision.z < RECHECK_Z:
            reason = ending.reason if ending else _failed_recheck(decision)
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
    assert experiment.merge_tree is not None
    return _intend(lab, experiment, program, experiment.tip_commit, experiment.merge_tree, now)


def _decision(lab: Lab, con: sqlite3.Connection, experiment: Experiment, candidates: Sequence[Run]) -> Decision:
    assert experiment.pool is not None
    return race.decide(
        pools.values(lab, con, experiment.pool),
        judge.values_by_slot(lab, candidates),
        past_groups=pools.past_groups(lab, con, POOLS.get(con, experiment.pool)),
        claim_margin=experiment.margin if experiment.claim is Claim.SIMPLIFY else 0.0,
        protocol=judge.protocol(lab),
    )


def _failed_recheck(decision: Decision) -> str:
    return (
        f"on the moved head it is not better enough: gain {decision.gain:+.5f}, z {decision.z:.2f} after "
        f"{decision.candidate_runs} runs, {RECHECK_Z:g} is needed"
    )


def _intend(lab: Lab, experiment: Experiment, program: Program, tip: str, tree: str, now: datetime) -> bool:
    """Write the commit and the intent, then move the ref. A kill in between is settled at the next start."""
    assert program.head_commit is not None
    message = (
        f"{experiment.id}: {experiment.subject}\n\n{experiment.because}\n\nVerdict: {experiment.reason}\n"
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


def _head_tree(lab: Lab, program: Program) -> str:
    assert program.root_commit is not None and program.head_commit is not None
    return snapshots.run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)


def _record(con: sqlite3.Connection, experiment: Experiment, decision: Decision, now: datetime) -> None:
    con.execute(
        "INSERT INTO verdicts (experiment, at, kind, looks, verdict, decision) VALUES (?, ?, 'recheck', ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (
            experiment.id, rows.encode(now), decision.candidate_runs, "keep" if decision.z >= RECHECK_Z else "discard",
            rows.encode(dataclasses.asdict(decision)),
        ),
    )  # fmt: skip
