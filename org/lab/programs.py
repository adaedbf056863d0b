"""Programs: note a brief, open it on a branch, assign agents, pause, close. The same functions serve every face."""

import re
import sqlite3
from datetime import datetime

from org.lab import announce
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.spend import admission
from org.model.brief import Brief
from org.model.errors import Refused
from org.model.experiment import Event as ExperimentEvent
from org.model.experiment import Experiment
from org.model.experiment import State as ExperimentState
from org.model.message import OFFICE, Kind
from org.model.program import Event, Program, State
from org.model.run import Event as RunEvent
from org.model.run import State as RunState
from org.store import agents, events, experiments, mail, programs, runs
from org.store.tables import AGENTS, MERGES, PROGRAMS
from org.workspace import refs

WAITS_FOR_RUNS = frozenset({ExperimentState.SCREENING, ExperimentState.RACING, ExperimentState.QUEUED})


def note(con: sqlite3.Connection, brief: Brief, editable: tuple[str, ...], by: str, now: datetime) -> Program:
    """Write a brief into the backlog. Refused when its slug is taken or it edits what the lab protects."""
    slug = re.sub(r"[^a-z0-9-]+", "-", brief.slug.lower()).strip("-")[:41]
    if not slug:
        raise Refused(f"{brief.slug!r} leaves no name for a branch; give the brief a `slug` of letters, digits and '-'")
    existing = PROGRAMS.find(con, slug)
    if existing is not None:
        raise Refused(f"program {slug} is here already ({existing.state.value}); give the file another name")
    outside = sorted(set(brief.editable) - set(editable))
    if outside:
        raise Refused(f"{slug}: editable {', '.join(outside)} is not among task.editable ({', '.join(editable)})")
    program = Program(
        slug, brief.title, State.BACKLOG, brief.question, brief.claim, brief.margin, brief.objective,
        brief.editable or editable, brief.space, brief.allowance, brief.stop, brief.body, by, now, brief.needs,
    )  # fmt: skip
    PROGRAMS.insert(con, program)
    events.append(con, "program.backlog", slug, by, now, title=brief.title)
    return program


def open_(lab: Lab, slug: str, now: datetime, actor: str) -> Program:
    """Open a program from the lab's head: its branch, then the ledger. Safe to repeat after a kill in between."""
    unmet = unmet_needs(lab, PROGRAMS.get(lab.ledger.reader, slug))
    if unmet:
        raise Refused(f"program {slug} needs {', '.join(unmet)}, which this machine does not have")
    name = refs.program_branch(lab.config.lab, slug)
    wrong = heads.objection(lab, lab.ledger.reader)
    if wrong is not None:
        raise Refused(wrong)
    root = heads.of_lab(lab, lab.ledger.reader)
    existing = refs.head(lab.git, name)
    if existing is None:
        refs.update(lab.git, refs.full(name), root, "0" * 40)
    elif existing != root:
        raise Refused(f"the branch {name} exists and is not at the lab's head; rename it, or name the brief differently")
    with lab.ledger.transaction() as tx:
        return programs.move(tx, slug, Event.OPEN, now, actor, root_commit=root, head_commit=root, opened_at=now)


def unmet_needs(lab: Lab, program: Program) -> list[str]:
    """What the program needs and this lab's devices do not offer: kinds such as cuda."""
    return sorted(set(program.needs) - {device.kind for device in lab.devices})


def assign(lab: Lab, slug: str, agent: str, now: datetime, actor: str) -> None:
    """Put an agent on an open program and tell it."""
    with lab.ledger.transaction() as tx:
        program = PROGRAMS.get(tx, slug)
        if program.state is not State.OPEN:
            raise Refused(f"program {slug} is {program.state.value}; only an open one is assigned (`org program resume {slug}`)")
        AGENTS.get(tx, agent)
        agents.assign(tx, agent, slug, now, actor)
        mail.post(
            tx, actor, agent, Kind.ASSIGNMENT, f"You work on {slug}: {program.title}",
            f"{program.question}\n\nStart with `org next`. The brief: `org program show {slug}`.", now, refs=(slug,),
        )  # fmt: skip


def pause(lab: Lab, slug: str, now: datetime, actor: str, reason: str) -> None:
    with lab.ledger.transaction() as tx:
        programs.move(tx, slug, Event.PAUSE, now, actor, reason)


def resume(lab: Lab, slug: str, now: datetime, actor: str) -> None:
    with lab.ledger.transaction() as tx:
        programs.move(tx, slug, Event.RESUME, now, actor)


def close(lab: Lab, slug: str, now: datetime, actor: str, reason: str) -> None:
    """Close a program; its agents are free, its open experiments race to their verdict."""
    with lab.ledger.transaction() as tx:
        programs.move(tx, slug, Event.CLOSE, now, actor, reason, closed_at=now)
        for agent in agents.everyone(tx):
            if agent.program == slug:
                agents.assign(tx, agent.name, None, now, actor)
                mail.post(
                    tx, OFFICE, agent.name, Kind.ASSIGNMENT, f"{slug} is closed",
                    f"{reason or 'No reason was given.'}\n\nWait for the next assignment.", now, refs=(slug,),
                )  # fmt: skip


def spent(lab: Lab, program: Program) -> str | None:
    """The allowance into which no run of the program fits any more; None while one does."""
    full = admission.full(lab, "program", program.slug)
    if full is None:
        return None
    return f"its allowance of {full.limit.most:g} {full.limit.unit.value.replace('_', '-')} is spent"


def settle_allowances(lab: Lab, now: datetime) -> None:
    """A program that has spent its allowance is paused, and the person is told; what is open in a closed one that may
    spend no more ends, for nothing could ever decide it and its author would wait for ever."""
    con = lab.ledger.reader
    for program in programs.in_state(con, State.OPEN, State.CLOSED):
        reason = spent(lab, program)
        if reason is None:
            continue
        if program.state is State.OPEN:
            with lab.ledger.transaction() as tx:
                programs.move(tx, program.slug, Event.PAUSE, now, OFFICE, reason)
                body = f"Program {program.slug} is paused: {reason}. Close it with `org program close {program.slug}`."
                announce.person(tx, f"{program.slug}: {reason}", body, now)
            continue
        for experiment in experiments.of_program(con, program.slug):
            if experiment.state in WAITS_FOR_RUNS:
                _end(lab, experiment, f"program {program.slug} is closed and {reason}", now)


def _end(lab: Lab, experiment: Experiment, reason: str, now: datetime) -> None:
    with lab.ledger.transaction() as tx:
        if MERGES.count(tx, "WHERE experiment = ? AND state = 'intent'", experiment.id):
            return  # its ref may have moved already: it is finished, or dropped and looked at again
        for run in runs.outstanding_of(tx, experiment.id):
            if run.state is RunState.RUNNING:
                return  # it was paid for: what it says may still decide
        for run in runs.outstanding_of(tx, experiment.id):
            runs.move(tx, run.id, RunEvent.CANCEL, now, reason)
        if experiment.merged_commit is not None:
            reason += f"; its code is still in the head: `org revert {experiment.id}` takes it out"
            subject = f"{experiment.id} is in the head and its second race was not finished"
            announce.person(tx, subject, reason, now, id=f"left-in-head-{experiment.id}-{experiment.pool}")
        moved = experiments.move(tx, experiment.id, ExperimentEvent.CANCEL, now, reason=reason)
        announce.verdict(lab, tx, moved, now)
