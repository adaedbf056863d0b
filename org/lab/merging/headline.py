"""Head against root on fresh seeds: runs that selected nothing, which is all that a person should believe of a total gain.
One that was lost or cancelled is asked for again, so that a headline does not wait for a value that never comes. Each is
run for the pool of its tree: only values of one task, environment and device model are compared."""

import functools
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from org.lab import announce, pools, seeds, settings
from org.lab.lab import Lab
from org.lab.verdicts import crashes
from org.model.errors import Refused
from org.model.program import Program
from org.model.run import OUTSTANDING, Purpose, Run, State
from org.store import reads, runs
from org.store.tables import PROGRAMS, RUNS
from org.workspace import trees


def ask(lab: Lab, slug: str, count: int, now: datetime) -> str:
    """Queue count runs of the head and as many of the root, on the same fresh seeds."""
    con = lab.ledger.reader
    program, head = PROGRAMS.get(con, slug), reads.head_tree(con, slug)
    if head is None or program.root_commit is None:
        raise Refused(f"the head of {slug} is its root: nothing was merged, there is nothing to compare")
    root = _root_tree(lab, program)
    with lab.ledger.transaction() as tx:
        first = RUNS.count(tx, "WHERE purpose = ?", Purpose.FRESH.value)
        for number in range(first, first + count):
            for tree in (root, head):
                runs.queue(tx, _run(lab, tx, slug, tree, number, seeds.fresh_seed(tx, number), now))
    return f"{count} fresh seeds of {slug}: head and root run on each; the standup tells"


def repeat(lab: Lab, now: datetime) -> list[str]:
    """Ask again for fresh runs that ended without a value, as far as their crashes let us; a tree that fails for good is
    told once. Only of today's heads: nobody reports an earlier one any more. Returns the ids of the new runs."""
    ended = [state.value for state in State if state not in OUTSTANDING and state is not State.SUCCEEDED]
    marks = ", ".join("?" * len(ended))
    failed = RUNS.select(lab.ledger.reader, f"WHERE state IN ({marks}) AND purpose = ?", *ended, Purpose.FRESH.value)
    again = []
    for slug in sorted({run.program for run in failed if run.program is not None}):
        program = PROGRAMS.get(lab.ledger.reader, slug)
        with lab.ledger.transaction() as tx:
            again += [run.id for attempts in _unanswered(lab, tx, program) for run in _again(lab, tx, program, attempts, now)]
    return again


def _unanswered(lab: Lab, con: sqlite3.Connection, program: Program) -> Iterable[list[Run]]:
    """The attempts at each tree and seed of the headline that have neither a value nor a run that may bring one: of today's
    attempts, or of earlier ones where today's pool was asked for none."""
    head = reads.head_tree(con, program.slug)
    if head is None or program.root_commit is None:
        return
    root = _root_tree(lab, program)
    found = RUNS.select(
        con, "WHERE program = ? AND purpose = ? AND tree IN (?, ?) ORDER BY tree, seed, CAST(substr(id, 2) AS INTEGER)",
        program.slug, Purpose.FRESH.value, root, head,
    )  # fmt: skip
    today = {pool.id for tree in (root, head) if (pool := pools.find(lab, con, tree, settings.of_race(lab))) is not None}
    for _, attempts in groupby(found, key=lambda run: (run.tree, run.seed)):
        every = list(attempts)
        tried = [run for run in every if run.pool in today] or every
        if not any(run.state is State.SUCCEEDED or run.state in OUTSTANDING for run in tried):
            yield tried


def _again(lab: Lab, con: sqlite3.Connection, program: Program, attempts: list[Run], now: datetime) -> list[Run]:
    ending = crashes.of_arm(attempts)
    assert ending is not None, "none of them has a value"
    if ending.retry is not None:
        run = ending.retry
        attempt = run.attempt + int(ending.counts)
        return [runs.queue(con, _run(lab, con, program.slug, run.tree, run.slot, run.seed, now, attempt))]
    body = f"Of the headline of {program.slug}: {ending.reason}. Its log: `org tail {attempts[-1].id}`."
    announce.person(con, f"A fresh run of {program.slug} does not end well", body, now, id=f"headline-{attempts[0].id}")
    return []


_tree_of = functools.lru_cache(maxsize=64)(trees.tree_of)  # of a commit it never changes


def _root_tree(lab: Lab, program: Program) -> str:
    assert program.root_commit is not None
    return _tree_of(lab.git, program.root_commit)


def _run(
    lab: Lab, con: sqlite3.Connection, slug: str, tree: str, slot: int, seed: int, now: datetime, attempt: int = 1
) -> Run:  # fmt: skip
    """As a race is run today."""
    at, pool = settings.of_race(lab), pools.of_tree(lab, con, tree, now)
    return Run(
        id="", purpose=Purpose.FRESH, state=State.QUEUED, tree=tree, seed=seed, slot=slot, rung=at.rung, depth=at.depth,
        budget=at.budget, queued_at=now, program=slug, pool=pool.id, attempt=attempt, gang=at.gang,
    )  # fmt: skip
