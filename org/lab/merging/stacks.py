"""The lab's head: which merges of the programs are in it, and which are measured together next.

What a program merges enters the lab's head by a stack check: at every 4th merge, when the program closes, and when
somebody asks. One stack is measured at a time; more changes than one stack takes go one by one, the oldest first.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.lab import announce, pools
from org.lab.drift import freezing
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.merging import trees as stack_trees
from org.lab.studies import engine
from org.model.errors import Refused
from org.model.experiment import IN_HEAD
from org.model.merge import Merge
from org.model.message import OFFICE
from org.model.program import State as ProgramState
from org.model.study import Kind, Study
from org.runs import executor
from org.store import meta, reads, studies
from org.store.tables import EXPERIMENTS, POOLS, PROGRAMS, STUDIES
from org.workspace import refs

CHANGED = "the lab's head, its members, the task or the devices have changed since; it is asked for anew"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the lab's head holds. inside: experiment → the stack that took it in; waiting: merged and not in it, by program;
    next: the stack that is being measured."""

    head: str
    inside: dict[str, str]
    waiting: dict[str, tuple[str, ...]]
    next: Study | None
    asked: tuple[str, ...]
    stacks: tuple[Study, ...]


def step(lab: Lab, now: datetime) -> None:
    """End a stack that can no longer enter; ask for the next one that is due."""
    con = lab.ledger.reader
    _drop_outdated(lab, now)
    if freezing.now(con) is not None:
        return
    if studies.open_(con, Kind.STACK) or heads.is_moving(con, ""):
        return
    asked = _asked(con)
    if (not asked and not _due(lab, con)) or not _is_ours(lab, now):
        return
    if asked:
        with lab.ledger.transaction() as tx:
            _note(tx, asked[1:])
            still = [merge for merge in _waiting(lab, tx, ()) if merge.experiment in asked[0]["experiments"]]
            if still:
                _open(lab, tx, still, asked[0]["by"], asked[0]["why"], now)
        return
    due = _due(lab, con)
    if due:
        with lab.ledger.transaction() as tx:
            _open(lab, tx, due, OFFICE, "", now)


def ask(lab: Lab, slugs: Sequence[str], actor: str, why: str, now: datetime) -> str:
    """Somebody wants these programs (none named: all) in the lab's head, what was left out before included."""
    con = lab.ledger.reader
    for slug in slugs:
        PROGRAMS.get(con, slug)
    wrong = heads.objection(lab, con)
    if wrong is not None:
        raise Refused(wrong)
    wanted = [merge.experiment for merge in _waiting(lab, con, slugs)]
    if not wanted:
        raise Refused(f"nothing waits: what {', '.join(slugs) or 'any program'} merged is in the lab's head (`org stack --list`)")
    with lab.ledger.transaction() as tx:
        _note(tx, [*_asked(tx), {"experiments": wanted, "by": actor, "why": why}])
    busy = studies.open_(con, Kind.STACK)
    if busy:
        return f"after {busy[0].id}, which is being measured; `org stack --list` shows it"
    step(lab, now)
    begun = studies.open_(con, Kind.STACK)
    return _words(begun[0]) if begun else f"nothing could be stacked: {_last_reason(con)}"


def standing(lab: Lab, con: sqlite3.Connection) -> Standing:
    """For people."""
    waiting: dict[str, list[str]] = {}
    for merge in _waiting(lab, con, ()):
        waiting.setdefault(merge.program, []).append(merge.experiment)
    open_ones = studies.open_(con, Kind.STACK)
    asked = tuple(", ".join(a["experiments"]) for a in _asked(con))
    settled = STUDIES.select(con, "WHERE kind = 'stack' AND state != 'open' ORDER BY CAST(substr(id, 2) AS INTEGER)")
    return Standing(
        heads.of_lab(lab, con), reads.in_lab_head(con), {slug: tuple(ids) for slug, ids in waiting.items()},
        open_ones[0] if open_ones else None, asked, tuple(settled),
    )  # fmt: skip


def _due(lab: Lab, con: sqlite3.Connection) -> list[Merge]:
    """The first program whose new merges fill a stack, or which is closed with some left."""
    considered = {id for (plan,) in con.execute(
        "SELECT plan FROM studies WHERE kind = 'stack' AND state IN ('done', 'failed')"
    ) for id in json.loads(plan)["experiments"]}  # fmt: skip
    for program in PROGRAMS.select(con, "WHERE state IN ('open', 'paused', 'closed') ORDER BY opened_at"):
        new = [merge for merge in _waiting(lab, con, [program.slug]) if merge.experiment not in considered]
        if len(new) >= lab.protocol.stack.largest or (new and program.state is ProgramState.CLOSED):
            return new
    return []


def _waiting(lab: Lab, con: sqlite3.Connection, slugs: Sequence[str]) -> list[Merge]:
    """Merges that still stand in a program's head and are not in the lab's, in the ledger's order."""
    newest = {merge.experiment: merge for merge in reads.merges(con) if merge.program in slugs or not slugs}
    known = reads.in_lab_head(con) if newest else {}
    left = [merge for id, merge in newest.items() if id not in known]
    return [merge for merge in left if EXPERIMENTS.get(con, merge.experiment).state in IN_HEAD]


def _open(lab: Lab, con: sqlite3.Connection, merges: Sequence[Merge], by: str, why: str, now: datetime) -> Study | None:
    """Ask for the check of these merges, of their programs as wholes, or of the oldest alone."""
    largest, programs = lab.protocol.stack.largest, list(dict.fromkeys(m.program for m in merges))
    if len(merges) <= largest:
        groups = [(m.experiment, [m]) for m in merges]
    elif 1 < len(programs) <= largest:
        groups = [(slug, [m for m in merges if m.program == slug]) for slug in programs]
    else:  # one by one: the rest is still due afterwards
        groups = [(merges[0].experiment, [merges[0]])]
        if by != OFFICE:
            rest = {"experiments": [m.experiment for m in merges[1:]], "by": by, "why": why}
            _note(con, [rest, *_asked(con)])
    head = heads.of_lab(lab, con)
    pool = pools.of_tree(lab, con, stack_trees.tree_of(lab.git, head), now)
    units = [stack_trees.unit(lab, con, name, members) for name, members in groups]
    plan = stack_trees.plan(lab, head, units)
    return studies.ask(
        con, Kind.STACK, ", ".join(u.name for u in units), by, now, head=head, base=pool.tree, pool=pool.id, why=why,
        experiments=[m.experiment for _, members in groups for m in members], dropped=[], **plan,
    )  # fmt: skip


def _drop_outdated(lab: Lab, now: datetime) -> None:
    """A stack on another head, of changes that were taken out since, or of another task's runs, cannot enter."""
    con = lab.ledger.reader
    for study in studies.open_(con, Kind.STACK):
        plan = study.plan
        gone = [id for id in plan["experiments"] if EXPERIMENTS.get(con, id).state not in IN_HEAD]
        if plan["head"] == heads.of_lab(lab, con) and not gone and pools.is_current(lab, con, POOLS.get(con, plan["pool"])):
            continue
        with lab.ledger.transaction() as tx:
            running = engine.cancel(tx, study, CHANGED, now)
            if study.asked_by != OFFICE:
                again = {"experiments": plan["experiments"], "by": study.asked_by, "why": plan["why"]}
                _note(tx, [again, *_asked(tx)])
        for run in running:
            executor.cancel(lab.layout.run(run))


def _is_ours(lab: Lab, now: datetime) -> bool:
    wrong = heads.objection(lab, lab.ledger.reader)
    if wrong is not None:
        found = refs.head(lab.git, refs.head_branch(lab.config.lab)) or "gone"
        with lab.ledger.transaction() as tx:
            told = f"{wrong}\n\nUntil then nothing enters the lab's head."
            announce.person(tx, "The lab's head was moved by somebody else", told, now, id=f"lab-head-{found[:12]}")
    return wrong is None


def _asked(con: sqlite3.Connection) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(meta.get(con, "stacks_asked") or "[]")
    return found


def _note(con: sqlite3.Connection, asked: Sequence[dict[str, Any]]) -> None:
    meta.put(con, "stacks_asked", json.dumps(list(asked)) if asked else None)


def _words(study: Study) -> str:
    left = "".join(f"; {name} is left out: {why}" for name, why in study.plan["left"].items())
    return f"{study.id}: {study.subject} on the lab's head, to be measured together{left}; `org stack --list` shows it"


def _last_reason(con: sqlite3.Connection) -> str:
    settled = STUDIES.select(con, "WHERE kind = 'stack' ORDER BY CAST(substr(id, 2) AS INTEGER) DESC LIMIT 1")
    return settled[0].reason if settled else "nothing waits any more"
