"""The trees of a stack: changes put on the lab's head one after the other, recipes key by key, with and without each."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from org.lab import pools
from org.lab.lab import Lab
from org.model.merge import Merge
from org.model.pool import Pool
from org.science import sigma
from org.science.stack import Member
from org.store.tables import EXPERIMENTS, MERGES, POOLS
from org.workspace import merges as git_merges
from org.workspace import snapshots, trees

tree_of = trees.tree_of
Outcome = git_merges.Merged | git_merges.Conflict
Puts = dict[tuple[str, str, str], Outcome]  # what a change (before, after) made of a tree: trees that begin alike are built once


@dataclass(frozen=True, slots=True)
class Unit:
    """What enters or stays out as one: a merge, or all new merges of a program. merges: their rows' ids. gain, over runs runs
    against pool_runs of a pool: what was measured of it alone; None where that was not of today's task and devices."""

    name: str
    merges: tuple[int, ...]
    gain: float | None = None
    runs: int = 0
    pool: str = ""
    pool_runs: int = 0

    def member(self, alone: Sequence[float], base: Sequence[float], base_pool: str) -> Member:
        """As the rule takes it; alone: runs of it alone on the stack's base, where its gain is not known."""
        if self.gain is not None:
            return Member(self.name, self.gain, self.runs, self.pool, self.pool_runs)
        gain = sigma.mean(base) - sigma.mean(alone) if alone else 0.0  # cannot stand alone: it adds nothing to the sum
        return Member(self.name, gain, max(1, len(alone)), base_pool, len(base))


def unit(lab: Lab, con: sqlite3.Connection, name: str, merges: Sequence[Merge]) -> Unit:
    """What is known of these merges as one change."""
    ids = tuple(merge.id for merge in merges)
    if len(merges) > 1:
        return _of_heads(lab, con, name, merges)
    e = EXPERIMENTS.get(con, merges[0].experiment)
    if e.pool is None or not pools.is_current(lab, con, POOLS.get(con, e.pool)):
        return Unit(name, ids)
    rechecked = con.execute(
        "SELECT decision FROM verdicts WHERE experiment = ? AND kind = 'recheck' ORDER BY id DESC LIMIT 1", (e.id,)
    ).fetchone()
    told = json.loads(rechecked[0]) if rechecked and e.merge_tree is not None else e.decision
    if not told.get("candidate_runs") or not told.get("base_runs"):
        return Unit(name, ids)
    return Unit(name, ids, float(told["gain"]), told["candidate_runs"], f"pool-{e.pool}", told["base_runs"])


def plan(lab: Lab, head: str, units: Sequence[Unit]) -> dict[str, Any]:
    """The trees to run, as a study keeps them. left: name → why it does not fit on the head."""
    puts: Puts = {}
    stack, left = _built(lab, head, units, puts)
    fitting = [unit for unit in units if unit.name not in left]
    without = {}
    for one in fitting if len(fitting) > 1 else []:
        tree, fallen = _built(lab, head, [unit for unit in fitting if unit is not one], puts)
        without[one.name] = {"tree": tree, "drops": [one.name, *fallen]}
    alone = {}
    for one in (unit for unit in fitting if unit.gain is None):
        tree, fallen = _built(lab, head, [one], puts)
        if not fallen:
            alone[one.name] = tree
    return {"units": [asdict(unit) for unit in fitting], "stack": stack, "without": without, "alone": alone, "left": left}


def units_of(plan: Mapping[str, Any]) -> list[Unit]:
    """Those of a study that are still in its stack."""
    return [Unit(**{**row, "merges": tuple(row["merges"])}) for row in plan["units"]]


def put(lab: Lab, onto: str, before: str, after: str) -> Outcome:
    """onto with one change, only where the lab may be edited."""
    task = lab.config.task
    merged = git_merges.applied(lab.git, onto, before, after, task.recipe)
    if isinstance(merged, git_merges.Conflict):
        return merged
    return git_merges.Merged(snapshots.run_tree(lab.git, onto, merged.tree, task.editable, task.protected))


def _built(lab: Lab, head: str, units: Sequence[Unit], puts: Puts) -> tuple[str, dict[str, str]]:
    """The head's tree with these changes, and why some are not among them."""
    tree, left = trees.tree_of(lab.git, head), {}
    for one in units:
        grown = tree
        for id in one.merges:
            merge = MERGES.get(lab.ledger.reader, id)
            step = (grown, merge.old, merge.new)
            outcome = puts[step] = puts.get(step) or put(lab, *step)
            if isinstance(outcome, git_merges.Conflict):
                left[one.name] = f"{merge.experiment} does not merge with what is there: {outcome.detail}"
                break
            grown = outcome.tree
        else:
            tree = grown
    return tree, left


def _of_heads(lab: Lab, con: sqlite3.Connection, name: str, merges: Sequence[Merge]) -> Unit:
    """A program's head before its new merges against after them, by the pools of both."""
    ids = tuple(merge.id for merge in merges)
    before = MERGES.select(con, "WHERE new = ? AND state = 'done'", merges[0].old)
    old = _newest_pool(lab, con, before[0].tree if before else trees.tree_of(lab.git, merges[0].old))
    new = _newest_pool(lab, con, merges[-1].tree)
    if old is None or new is None:
        return Unit(name, ids)
    ours, theirs = ([v for v in pools.values(lab, con, pool.id) if v is not None] for pool in (old, new))
    if min(len(ours), len(theirs)) < lab.protocol.min_base_runs:
        return Unit(name, ids)
    return Unit(name, ids, sigma.mean(ours) - sigma.mean(theirs), len(theirs), f"pool-{old.id}", len(ours))


def _newest_pool(lab: Lab, con: sqlite3.Connection, tree: str) -> Pool | None:
    return next((pool for pool in pools.of_races(lab, con, tree) if pool.tree == tree), None)
