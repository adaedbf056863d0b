"""What the ledger says once a head has moved: one function a kind of move, each within the transaction that ends it."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from org.lab import announce, pools
from org.lab.lab import Lab
from org.model.experiment import Event
from org.model.experiment import State as Verdict
from org.model.merge import Kind, Merge
from org.model.message import HUMAN, OFFICE
from org.model.message import Kind as Letter
from org.model.run import Purpose, Run, State
from org.model.study import Kind as StudyKind
from org.store import events, experiments, mail, meta, runs, studies
from org.store.tables import AGENTS, EXPERIMENTS, POOLS, PROGRAMS, STUDIES


def merged(lab: Lab, con: sqlite3.Connection, move: Merge, now: datetime) -> None:
    """The head, the new pool, the experiment and the news."""
    PROGRAMS.update(con, move.program, head_commit=move.new)
    moved = experiments.move(con, move.experiment, Event.MERGE, now, merged_commit=move.new)
    accepted = [r for r in runs.of_experiment(con, moved.id) if r.purpose in (Purpose.RACE, Purpose.RECHECK)]
    _new_pool(lab, con, move, accepted, now)
    events.append(con, "merge.done", moved.id, at=now, program=move.program, head=move.new)
    announce.verdict(lab, con, moved, now)


def reverted(lab: Lab, con: sqlite3.Connection, move: Merge, now: datetime) -> None:
    """The head without the experiment, its new pool, and the runs that say what was lost with it."""
    _set_head(con, move)
    pool, before = pools.of_tree(lab, con, move.tree, now), pools.of_tree(lab, con, move.detail["before"], now)
    by, why = move.detail["by"], move.detail["why"]
    plan: dict[str, Any] = {"before": before.tree, "after": pool.tree, "pool_before": before.id, "pool_after": pool.id}
    asked = [study.plan | plan == study.plan for study in studies.of_subject(con, StudyKind.REVERT, move.experiment)]
    if not any(asked):  # the lab's head may be the same code as the program's
        studies.ask(con, StudyKind.REVERT, move.experiment, by, now, where=move.program or "the lab", **plan)
    events.append(con, "revert.done", move.experiment, by, now, program=move.program, head=move.new)
    if EXPERIMENTS.get(con, move.experiment).state is not Verdict.REVERTED:  # the lab's head comes after the program's
        moved = experiments.move(con, move.experiment, Event.REVERT, now, by, reason=f"taken out by {by}: {why}")
        announce.verdict(lab, con, moved, now)


def stacked(lab: Lab, con: sqlite3.Connection, move: Merge, now: datetime) -> None:
    """The lab's head has the stack; the stack's own runs speak for the new pool."""
    _set_head(con, move)
    study = STUDIES.get(con, move.experiment)
    _new_pool(lab, con, move, studies.runs_of(con, study.id), now)
    events.append(con, "lab.head", lab.config.lab, at=now, study=study.id, head=move.new, experiments=move.detail["taken"])
    for id in move.detail["taken"]:
        events.append(con, "experiment.stacked", id, at=now, study=study.id)


def rooted(lab: Lab, con: sqlite3.Connection, move: Merge, now: datetime) -> None:
    """A head stands on a person's commit; who works there is told."""
    _set_head(con, move)
    by, why, root = move.detail["by"], move.detail["why"], move.detail["root"]
    pools.of_tree(lab, con, move.tree, now)
    if move.program:
        PROGRAMS.update(con, move.program, root_commit=root)
    else:
        meta.put(con, "root_commit", root)
        meta.put(con, "root_note", None)
        for key in ("environment", "environment_detail"):
            if key in move.detail:
                meta.put(con, key, move.detail[key])
    where = f"program {move.program}" if move.program else f"lab {lab.config.lab}"
    events.append(con, "lab.root", move.program or lab.config.lab, by, now, commit=root, head=move.new, why=why)
    body = (
        f"{by} made {root[:12]} the root of {where}: {why}\n\nWhat was merged goes on from there ({move.new[:12]}), with pools "
        "of its own. A branch from an earlier head takes no more proposals: `org next` starts one here. Experiments that race "
        "keep their base to the verdict and are checked again on the new head before they are merged."
    )
    at_work = [a.name for a in AGENTS.select(con, "WHERE program = ? AND state != 'stopped'", move.program)]
    for reader in dict.fromkeys((*at_work, lab.chief, HUMAN)):
        if reader is not None and (reader == HUMAN or AGENTS.find(con, reader) is not None):
            mail.post(con, OFFICE, reader, Letter.NOTE, f"A new root of {where}", body, now, id=f"root-{move.id}-{reader}")


def _set_head(con: sqlite3.Connection, move: Merge) -> None:
    if move.program:
        PROGRAMS.update(con, move.program, head_commit=move.new)
    else:
        meta.put(con, "head_commit", move.new)


def _new_pool(lab: Lab, con: sqlite3.Connection, move: Merge, accepted: list[Run], now: datetime) -> None:
    """The accepted runs of exactly this tree, made in today's environment, fill the new head's pool."""
    speaking = [
        r for r in accepted
        if r.state is State.SUCCEEDED and r.metric is not None and r.tree == move.tree and r.pool is not None
        and pools.is_current(lab, con, POOLS.get(con, r.pool))
    ]  # fmt: skip
    pools.carry_over(lab, con, pools.of_tree(lab, con, move.tree, now), speaking, now)


ARRIVALS: Mapping[Kind, Callable[[Lab, sqlite3.Connection, Merge, datetime], None]] = {
    Kind.MERGE: merged,
    Kind.REVERT: reverted,
    Kind.STACK: stacked,
    Kind.ROOT: rooted,
}
