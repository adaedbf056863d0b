"""Head and root on fresh seeds: what is reported of a program's total gain. One run at a time, so that none of them ever
waits in the queue before an agent's; values of the root serve every later head, as long as the task, its environment and the
devices stay what they are."""

import functools
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime

from org.lab import pools, programs, seeds, settings
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.model.program import Program, State
from org.model.run import OUTSTANDING, Purpose, Run
from org.model.run import State as RunState
from org.store import programs as stored_programs
from org.store import reads, runs
from org.store.tables import RUNS
from org.workspace import trees

PAIRS = 8  # fresh seeds on which a head is compared with its root
DEAD = 2  # seeds without a value for good, after which a tree is left alone
HALVED_AFTER = 2  # pairs, after which another one is worth half of the first


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """One run for every open program whose head is not its root. None where a tree has failed on two seeds for good: what
    was lost or crashed once is asked for again by headline.py."""
    for program in stored_programs.in_state(con, State.OPEN):
        head = reads.head_tree(con, program.slug)
        if head is not None and program.root_commit is not None and programs.spent(lab, program) is None:
            root = _tree_of(lab.git, program.root_commit)
            asked, alive = ({tree: _seeds_of(lab, con, program, tree, all_) for tree in (root, head)} for all_ in (True, False))
            pairs, dead = len(alive[root] & alive[head]), max(len(asked[tree] - alive[tree]) for tree in (root, head))
            if root != head and pairs < PAIRS and dead < DEAD:
                yield _offer(lab, con, program, pairs, *_next(con, root, head, asked, alive))


_tree_of = functools.lru_cache(maxsize=64)(trees.tree_of)  # it never changes, and this is asked at every tick


def _seeds_of(lab: Lab, con: sqlite3.Connection, program: Program, tree: str, all_: bool) -> set[int]:
    """Numbers of the fresh seeds that the tree was asked to run for its pool of today; not all_: those with a value, or with
    a run that may bring one."""
    pool = pools.find(lab, con, tree, settings.of_race(lab))
    if pool is None:
        return set()
    found = RUNS.select(con, "WHERE purpose = ? AND program = ? AND pool = ?", Purpose.FRESH.value, program.slug, pool.id)
    return {run.slot for run in found if all_ or run.state is RunState.SUCCEEDED or run.state in OUTSTANDING}


def _next(
    con: sqlite3.Connection, root: str, head: str, asked: Mapping[str, set[int]], alive: Mapping[str, set[int]]
) -> tuple[str, int]:
    """(tree, number of the seed): a pair is made whole before another is begun."""
    for tree, other in ((head, root), (root, head)):
        if half := alive[other] - asked[tree]:
            return tree, min(half)
    numbers = con.execute("SELECT coalesce(max(slot), -1) + 1 FROM runs WHERE purpose = ?", (Purpose.FRESH.value,))
    return root, int(numbers.fetchone()[0])


def _offer(lab: Lab, con: sqlite3.Connection, program: Program, pairs: int, tree: str, number: int) -> Offer:
    at = settings.of_race(lab)
    seconds = value.run_seconds(lab, at.budget, at.gang)
    worth = value.FRESH / (1.0 + pairs / HALVED_AFTER)

    def take(now: datetime) -> Run:
        with lab.ledger.transaction() as tx:
            fresh = Run(
                id="", purpose=Purpose.FRESH, state=RunState.QUEUED, tree=tree, seed=seeds.fresh_seed(tx, number),
                slot=number, rung=at.rung, depth=at.depth, budget=at.budget, queued_at=now, program=program.slug,
                pool=pools.of_tree(lab, tx, tree, now).id, gang=at.gang,
            )  # fmt: skip
            return runs.queue(tx, fresh)

    why = f"head against root stands on {pairs} of {PAIRS} fresh seeds; nothing else may be reported as the total gain"
    return Offer("fresh seed", program.slug, worth * seconds, seconds, why, take, seconds, 1, program.slug)
