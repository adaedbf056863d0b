"""The loop of all studies. Everything it needs is in the ledger, so a kill at any point repeats a step and doubles no run.

A run that crashed is run once more, one that did not count at most twice more, with the same seed; then the study fails
and says why. It is never repeated for its metric.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from org.lab.apart import Apart
from org.lab.lab import Lab
from org.lab.studies.kind import StudyKind, Wanted
from org.lab.studies.registry import KINDS
from org.lab.verdicts import crashes
from org.model.run import OUTSTANDING, Event, Purpose, Run
from org.model.run import State as RunState
from org.model.study import Kind, State, Study
from org.store import runs, studies

FIRST_RUNG = 0


def step(lab: Lab, now: datetime, kinds: Mapping[Kind, StudyKind] = KINDS, outer: Apart | None = None) -> list[str]:
    """Advance every open study that waits for no run. Returns the ids of those that ended. One that cannot be advanced is
    not in the way of the others; its error goes to outer, or is raised at the end."""
    ended = []
    with Apart(outer) as apart:
        for study in studies.open_(lab.ledger.reader):
            with apart.one():
                if study.kind in kinds and _advance(lab, study, kinds[study.kind], now):
                    ended.append(study.id)
    return ended


def cancel(con: sqlite3.Connection, study: Study, reason: str, now: datetime) -> list[str]:
    """End a study early. Returns the ids of its running runs: the caller ends their keepers."""
    left = studies.outstanding_of(con, study.id)
    for run in left:
        if run.state is RunState.QUEUED:
            runs.move(con, run.id, Event.CANCEL, now, reason)
    studies.settle(con, study, State.CANCELLED, now, reason)
    return [run.id for run in left if run.state is RunState.RUNNING]


def _advance(lab: Lab, study: Study, kind: StudyKind, now: datetime) -> bool:
    waits = getattr(kind, "waits", None)
    with lab.ledger.transaction() as tx:
        if waits is not None and waits(tx, study):
            return False
        mine = studies.runs_of(tx, study.id)
        if any(run.state in OUTSTANDING for run in mine):
            return False
        ending = _unfinished(mine, spare=getattr(kind, "spares_failures", False))
        if ending is not None and ending.retry is not None:
            _again(tx, ending, now)
            return False
        if ending is not None:
            studies.settle(tx, study, State.FAILED, now, ending.reason)
            return True
        values = _values(mine)
        wanted = kind.wants(lab, tx, study, values, now)
        if wanted:
            for want in wanted:
                _queue(lab, tx, study, want, now)
            return False
        found = kind.conclude(lab, tx, study, values, now)
        studies.settle(tx, study, State.FAILED if found.failed else State.DONE, now, found.reason, found.outcome)
        return True


def _key(run: Run) -> tuple[object, ...]:
    return run.tree, run.seed, run.slot, run.budget, run.depth


def _unfinished(mine: Sequence[Run], spare: bool) -> crashes.Ending | None:
    """What must happen before the values can be read. spare: a run that fails for good is the kind's to read."""
    for key in dict.fromkeys(map(_key, mine)):
        ending = crashes.of_arm([run for run in mine if _key(run) == key])
        if ending is not None and (ending.retry is not None or not spare):
            return ending
    return None


def _values(mine: Sequence[Run]) -> list[Run]:
    return [run for run in mine if run.state is RunState.SUCCEEDED and run.metric is not None]


def _again(con: sqlite3.Connection, ending: crashes.Ending, now: datetime) -> None:
    assert ending.retry is not None
    run = ending.retry
    runs.queue(
        con,
        Run(
            id="", purpose=run.purpose, state=RunState.QUEUED, tree=run.tree, seed=run.seed, slot=run.slot, rung=run.rung,
            depth=run.depth, budget=run.budget, queued_at=now, program=run.program, experiment=run.experiment,
            pool=run.pool, attempt=run.attempt + int(ending.counts), study=run.study, gang=run.gang,
        ),
    )  # fmt: skip


def _queue(lab: Lab, con: sqlite3.Connection, study: Study, want: Wanted, now: datetime) -> None:
    rung = FIRST_RUNG if want.rung is None else want.rung
    setting = lab.config.task.ladder[rung]
    runs.queue(
        con,
        Run(
            id="", purpose=Purpose.STUDY, state=RunState.QUEUED, tree=want.tree, seed=want.seed, slot=want.number, rung=rung,
            depth=setting.depth if want.depth is None else want.depth, budget=want.budget or setting.run_budget,
            queued_at=now, program=study.program, experiment=want.experiment, pool=want.pool, study=study.id, gang=want.gang,
        ),
    )  # fmt: skip
