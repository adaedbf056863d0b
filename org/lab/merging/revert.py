"""`org revert`: take a merge out of its program's head again, and out of the lab's head when it is in there.

The heads get a new commit each by the house's identity; nothing is rewritten. What the merge changed goes back to what it
was unless something later changed it too: that is a conflict, told with the later merge.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.studies import engine
from org.model.errors import Refused
from org.model.experiment import Event, Experiment, State, advance
from org.model.merge import Kind as Move
from org.model.merge import Merge
from org.model.run import Event as RunEvent
from org.model.run import State as RunState
from org.model.study import Kind
from org.runs import executor
from org.store import reads, runs, studies
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS
from org.workspace import changes, recipe, refs, snapshots, trees
from org.workspace import merges as git_merges

WORDS = recipe.Words(ours="now", theirs="before it", before="with it")
ITS_STUDIES = (Kind.CERTIFICATE, Kind.RUNG)  # they ask what a merge is worth that is no more


@dataclass(frozen=True, slots=True)
class Plan:
    """One head without the merge. program: "" for the lab's. before, after: as they run."""

    program: str
    old: str
    before: str
    after: str


def check(lab: Lab, id: str) -> list[Plan]:
    """The heads that a revert would move. Refused with the way out when it cannot be done."""
    con = lab.ledger.reader
    e = EXPERIMENTS.get(con, id)
    if e.state is State.REVERTED:
        raise Refused(f"{id} is out of the head already: {e.reason}")
    merge = _merge(con, e)
    advance(e.state, Event.REVERT, id)  # what is begun must be able to end
    program = PROGRAMS.get(con, merge.program)
    head = refs.head(lab.git, merge.ref)
    if head != program.head_commit or program.head_commit is None:
        raise Refused(heads.astray(con, merge.program, merge.ref, program.head_commit, head))
    plans = [_plan(lab, con, e, merge, merge.program, program.head_commit, heads.tree(lab, program))]
    if id in reads.in_lab_head(con):
        wrong = heads.objection(lab, con)
        if wrong is not None:
            raise Refused(wrong)
        top = heads.of_lab(lab, con)
        plans.append(_plan(lab, con, e, merge, "", top, trees.tree_of(lab.git, top)))
    return plans


def begin(lab: Lab, id: str, why: str, actor: str, now: datetime) -> str:
    """Take it out. After a kill in between, what was begun is finished first; asked again, the answer is the same."""
    con = lab.ledger.reader
    slug = EXPERIMENTS.get(con, id).program
    heads.settle_of(lab, now, {slug, ""} if id in reads.in_lab_head(con) else {slug}, id)
    if EXPERIMENTS.get(lab.ledger.reader, id).state is State.REVERTED:
        return f"{id} is out of the head; `org explain {id}` and its page say what was lost with it"
    _refuse_who_may_not(lab, id, actor)
    if not why.strip():
        raise Refused("--why needs words: what is taken out was measured to be better")
    plans = check(lab, id)
    with lab.ledger.transaction() as tx:
        e = EXPERIMENTS.get(tx, id)
        begun = [_intend(lab, tx, e, plan, why.strip(), actor, now) for plan in plans]
        ending = _end_what_waits(tx, id, now)
    for run in ending:
        executor.cancel(lab.layout.run(run))
    moved = [heads.carry_out(lab, move, now) for move in begun]
    if not all(moved):
        raise Refused(f"a head was moved by somebody else while {id} was taken out; `org inbox` of the person says which")
    where = f"{plans[0].program} and the lab" if len(plans) > 1 else plans[0].program
    return f"{id} is taken out of the head of {where}; {lab.protocol.recheck.runs} runs say what was lost with it"


def _refuse_who_may_not(lab: Lab, id: str, actor: str) -> None:
    """A person, the chief, or the author; another junior says so to one of them."""
    con = lab.ledger.reader
    agent = AGENTS.find(con, actor)
    if agent is not None and actor not in (lab.chief, EXPERIMENTS.get(con, id).author):
        raise Refused(f"{id} is not yours to take out; tell its author, the chief or the person why: `org send …`")


def _merge(con: sqlite3.Connection, e: Experiment) -> Merge:
    """Its merge, if that is in the head now."""
    found = [merge for merge in reads.merges(con) if merge.experiment == e.id]
    if e.merged_commit is None or not found:
        state = e.state.value.replace("_", " ")
        raise Refused(f"{e.id} is {state}, in no head: there is nothing to take out (`org results` lists what is merged)")
    return found[-1]


def _plan(lab: Lab, con: sqlite3.Connection, e: Experiment, merge: Merge, program: str, head: str, tree: str) -> Plan:
    outcome = git_merges.applied(lab.git, head, merge.new, merge.old, lab.config.task.recipe, WORDS)
    if isinstance(outcome, git_merges.Conflict):
        later = _later(lab, con, merge, outcome.paths)
        way = f"; take {later} out first, or propose a change that undoes it" if later else "; propose a change that undoes it"
        raise Refused(f"{e.id} cannot be taken out: what it changed was changed again since: {outcome.detail}{way}")
    task = lab.config.task
    # Only what may be edited: what a new root brought since stays.
    after = snapshots.run_tree(lab.git, head, outcome.tree, task.editable, task.protected)
    if after == tree:
        raise Refused(f"without {e.id} the head of {program or 'the lab'} would be the same: later merges have undone it already")
    return Plan(program, head, tree, after)


def _later(lab: Lab, con: sqlite3.Connection, merge: Merge, paths: tuple[str, ...]) -> str:
    """The newest merge after it that touches one of the paths and is not taken out yet."""
    after = [m for m in reads.merges(con, merge.program) if m.id > merge.id]
    for other in reversed(after):
        touched = {change.path for change in changes.changes(lab.git, other.old, other.new)}
        if touched & set(paths) and EXPERIMENTS.get(con, other.experiment).state is not State.REVERTED:
            return other.experiment
    return ""


def _intend(lab: Lab, con: sqlite3.Connection, e: Experiment, plan: Plan, why: str, actor: str, now: datetime) -> Merge:
    said = f"Revert {e.id}: {e.subject}\n\n{why}\n\nThis takes {e.merged_commit} out again. Asked by: {actor}\n"
    new = git_merges.commit(lab.git, plan.after, [plan.old], said)
    return heads.intend(
        lab, con, Move.REVERT, e.id, plan.program, plan.old, new, plan.after, now, before=plan.before, by=actor, why=why
    )  # fmt: skip


def _end_what_waits(con: sqlite3.Connection, id: str, now: datetime) -> list[str]:
    """Studies and runs of a merge that is no more. Returns the runs whose keepers must be ended."""
    reason = f"{id} was taken out of the head"
    ending = [
        run for study in studies.open_(con, *ITS_STUDIES) if study.subject == id for run in engine.cancel(con, study, reason, now)
    ]
    for run in runs.outstanding_of(con, id):
        if run.study is not None or run.pool is None or run.tree != EXPERIMENTS.get(con, id).run_tree:
            continue  # a baseline is everybody's
        if run.state is RunState.QUEUED:
            runs.move(con, run.id, RunEvent.CANCEL, now, reason)
        else:
            ending.append(run.id)
    return ending
