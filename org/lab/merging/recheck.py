"""A change whose base is no longer the head, or whose race was of another task or environment than today's: rebase it in the
same experiment, and re-check it with four runs against the head's own pool. (STATISTICS.md, "Merge".)"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.lab import announce, pools, settings
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.verdicts import crashes, judge
from org.model.experiment import Claim, Event, Experiment
from org.model.program import Program
from org.model.run import Purpose, Run
from org.science import race
from org.science.decision import Cause, Decision
from org.store import events, experiments, reads, rows, runs
from org.store.tables import EXPERIMENTS, POOLS
from org.workspace import merges as git_merges
from org.workspace import snapshots


def begin(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    """Merge the change onto the moved head and ask for four runs of the result; a conflict goes back to its author."""
    assert program.head_commit is not None and program.root_commit is not None
    task = lab.config.task
    # From its base by name: a head that stands on a new root may share no history with it.
    merged = git_merges.applied(lab.git, program.head_commit, experiment.base_commit, experiment.tip_commit, task.recipe)
    with lab.ledger.transaction() as tx:
        if isinstance(merged, git_merges.Conflict):
            reason = f"does not merge with the head, which moved to {program.head_commit[:8]}: {merged.detail}"
            moved = experiments.move(tx, experiment.id, Event.CONFLICT, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
        tree = snapshots.run_tree(lab.git, program.root_commit, merged.tree, program.editable, task.protected)
        pool = pools.of_tree(lab, tx, heads.tree(lab, program), now)
        if tree == pool.tree:
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason="the head already has this change")
            announce.verdict(lab, tx, moved, now)
            return True
        EXPERIMENTS.update(tx, experiment.id, merge_tree=tree, merge_onto=program.head_commit, pool=pool.id)
        events.append(tx, "experiment.rebased", experiment.id, at=now, onto=program.head_commit, tree=tree)
        fresh = EXPERIMENTS.get(tx, experiment.id)
        count = lab.protocol.recheck.runs
        for slot in range(count):
            judge.queue_candidate(lab, tx, fresh, tree, slot, now, Purpose.RECHECK)
        have = sum(v is not None for v in pools.values(lab, tx, pool.id))
        lacking = min(count, pools.size(lab, pool)) - have  # of a full pool one more would be its oldest seed again
        pools.queue_runs(lab, tx, pool, max(0, lacking), now, program.slug, experiment.id)
    return True


def look(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
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
        _record(lab, tx, experiment, decision, now)
        if ending is not None or decision.z < lab.protocol.recheck.z:
            reason = ending.reason if ending else _failed_recheck(lab, decision)
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
    assert experiment.merge_tree is not None
    return heads.move(lab, experiment, program, experiment.tip_commit, experiment.merge_tree, now)


def _decision(lab: Lab, con: sqlite3.Connection, experiment: Experiment, candidates: Sequence[Run]) -> Decision:
    assert experiment.pool is not None
    sigma0, df0 = pools.spread_before(lab, con, POOLS.get(con, experiment.pool))
    return race.decide(
        pools.values(lab, con, experiment.pool),
        judge.values_by_slot(lab, candidates),
        sigma0=sigma0,
        df0=df0,
        claim_margin=experiment.margin if experiment.claim is Claim.SIMPLIFY else 0.0,
        protocol=settings.race_protocol(lab),
    )


def _failed_recheck(lab: Lab, decision: Decision) -> str:
    return (
        f"on the moved head it is not better enough: gain {decision.gain:+.5f}, z {decision.z:.2f} after "
        f"{decision.candidate_runs} runs, {lab.protocol.recheck.z:g} is needed"
    )


def _record(lab: Lab, con: sqlite3.Connection, experiment: Experiment, decision: Decision, now: datetime) -> None:
    look = (experiment.pool or 0) * 100_000 + decision.candidate_runs
    con.execute(
        "INSERT INTO verdicts (experiment, at, kind, looks, verdict, decision) VALUES (?, ?, 'recheck', ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (
            experiment.id, rows.encode(now), look, "keep" if decision.z >= lab.protocol.recheck.z else "discard",
            rows.encode(dataclasses.asdict(decision)),
        ),
    )  # fmt: skip


def is_current(lab: Lab, experiment: Experiment) -> bool:
    con = lab.ledger.reader
    return experiment.pool is not None and pools.is_current(lab, con, POOLS.get(con, experiment.pool))
