"""Race decisions turned into the next runs or a verdict. `science.race` decides; this file only asks and records.

An experiment that was reopened races again against a pool of its own time; one whose change is in the head already is
merged again by a keep, and stays in the head, with a letter, when it does not hold.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from org.lab import announce, pools, programs, seeds, settings
from org.lab.lab import Lab
from org.lab.verdicts import continuing, crashes, labels, simplifying
from org.model.experiment import Claim, Event, Experiment, State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.science import race
from org.science.decision import Cause, Decision, Verdict
from org.store import events, experiments, reads, rows, runs
from org.store.tables import EXPERIMENTS, POOLS


def step(lab: Lab, now: datetime) -> list[str]:
    """Start what was approved; look at every race whose runs have all ended. Returns the experiments that changed."""
    changed = []
    pools.retire(lab, now)
    programs.settle_allowances(lab, now)
    for experiment in experiments.in_state(lab.ledger.reader, State.APPROVED, State.REOPENED):
        with lab.ledger.transaction() as tx:
            begin(lab, tx, experiment, now)
        changed.append(experiment.id)
    for experiment in experiments.in_state(lab.ledger.reader, State.RACING):
        if not runs.outstanding_of(lab.ledger.reader, experiment.id) and look(lab, experiment, now):
            changed.append(experiment.id)
    return changed


def look(lab: Lab, experiment: Experiment, now: datetime) -> bool:
    """One look at a race: more runs, or its verdict. Everything it needs is in the ledger, so a crash repeats it."""
    with lab.ledger.transaction() as tx:
        experiment = _on_current_pool(lab, tx, experiment, now)
        candidates = _of_pool(experiment, reads.candidate_runs(tx, experiment.id))
        ending = crashes.of_arm(candidates)
        if ending is not None:
            return end_arm(lab, tx, experiment, ending, now)
        decision = decide(lab, tx, experiment, candidates, now)
        if decision.verdict is Verdict.MORE:
            return _more(lab, tx, experiment, decision, now)
        _conclude(lab, tx, experiment, decision, now)
        return True


def decide(lab: Lab, con: sqlite3.Connection, experiment: Experiment, candidates: Sequence[Run], now: datetime) -> Decision:
    """What the race says of an experiment's values so far."""
    assert experiment.pool is not None
    sigma0, df0 = pools.spread_before(lab, con, POOLS.get(con, experiment.pool))
    return race.decide(
        pools.values(lab, con, experiment.pool),
        values_by_slot(lab, candidates),
        sigma0=sigma0,
        df0=df0,
        half_spread=race.usual_pair_spread(_pair_spreads(con), lab.protocol),
        claim_margin=experiment.margin if experiment.claim is Claim.SIMPLIFY else 0.0,
        base_is_stale=pools.is_stale(lab, con, experiment.pool, now),
        protocol=continuing.protocol(lab, con, experiment),
    )


def _of_pool(experiment: Experiment, candidates: Sequence[Run]) -> list[Run]:
    """Only runs made for the pool that the experiment is judged against."""
    return [run for run in candidates if run.pool == experiment.pool]


def _on_current_pool(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> Experiment:
    """When the task, its environment or the devices changed under a race, it starts over against today's pool of its
    base: values of both sides of such a change are never compared."""
    assert experiment.pool is not None
    if pools.is_current(lab, con, POOLS.get(con, experiment.pool)):
        return experiment
    pool = pools.of_tree(lab, con, experiment.base_tree, now)
    EXPERIMENTS.update(con, experiment.id, pool=pool.id)
    events.append(con, "experiment.restarted", experiment.id, at=now, was=experiment.pool, pool=pool.id)
    return EXPERIMENTS.get(con, experiment.id)


def values_by_slot(lab: Lab, candidates: Sequence[Run]) -> list[float]:
    """Valid values on slots 0, 1, … without holes, lower is better."""
    by_slot = {r.slot: r.metric for r in candidates if r.state is RunState.SUCCEEDED and r.metric is not None}
    values: list[float] = []
    while len(values) in by_slot:
        values.append(lab.sign * by_slot[len(values)])
    return values


def queue_candidate(
    lab: Lab, con: sqlite3.Connection, experiment: Experiment, tree: str, slot: int, now: datetime, purpose: Purpose,
    attempt: int = 1,
) -> Run:  # fmt: skip
    """Ask for one run of a candidate at the scale of its pool, on the pool's seed of that slot."""
    pool = POOLS.get(con, experiment.screen_pool if purpose is Purpose.SCREEN else experiment.pool)
    at = settings.of_pool(lab, pool)
    assert at is not None, "no run is asked for beside a pool that is not current"
    seed = seeds.screen_seed if at.screens else seeds.pool_seed
    return runs.queue(
        con,
        Run(
            id="", purpose=purpose, state=RunState.QUEUED, tree=tree, seed=seed(con, slot), slot=slot, rung=at.rung,
            depth=at.depth, budget=at.budget, queued_at=now, program=experiment.program, experiment=experiment.id,
            pool=pool.id, attempt=attempt, gang=at.gang,
        ),
    )  # fmt: skip


def begin(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime, reason: str = "") -> Experiment:
    """Start its race against today's pool of its base. Call inside a transaction."""
    pool = pools.of_tree(lab, con, experiment.base_tree, now)
    moved = experiments.move(con, experiment.id, Event.RACE, now, reason=reason, pool=pool.id)
    if not _of_pool(moved, reads.candidate_runs(con, moved.id)):
        queue_candidate(lab, con, moved, moved.run_tree, 0, now, Purpose.RACE)
    base = [v for v in pools.values(lab, con, pool.id) if v is not None]
    if len(base) < lab.protocol.min_base_runs:
        pools.queue_runs(lab, con, pool, lab.protocol.min_base_runs - len(base), now, moved.program, moved.id)
    return moved


def _more(lab: Lab, con: sqlite3.Connection, experiment: Experiment, decision: Decision, now: datetime) -> bool:
    """Queue what the decision asks for. False when all of it is being run already, for somebody else's race."""
    assert experiment.pool is not None
    done = len(values_by_slot(lab, _of_pool(experiment, reads.candidate_runs(con, experiment.id))))
    queued = [
        queue_candidate(lab, con, experiment, experiment.run_tree, slot, now, Purpose.RACE)
        for slot in range(done, done + decision.add_candidate_runs)
    ]
    pool = POOLS.get(con, experiment.pool)
    queued += pools.queue_runs(lab, con, pool, decision.add_base_runs, now, experiment.program, experiment.id)
    if queued:
        EXPERIMENTS.update(con, experiment.id, decision=dataclasses.asdict(decision))
        _record(con, experiment, decision, now)
    return bool(queued)


def _conclude(lab: Lab, con: sqlite3.Connection, experiment: Experiment, decision: Decision, now: datetime) -> None:
    event, reason = _ending(lab, con, experiment, decision)
    _record(con, experiment, decision, now)
    in_head = experiment.merged_commit is not None  # reopened; what is in the head has its label
    reason += "" if event is Event.KEEP else _left_in_head(experiment)
    changes: dict[str, Any] = {} if in_head else {"label": "", "label_detail": {}}
    moved = experiments.move(
        con, experiment.id, event, now, reason=reason, decision=dataclasses.asdict(decision),
        gain=0.0 if decision.cause is Cause.NO_EFFECT else decision.shrunk_gain, **changes,
    )  # fmt: skip
    if event is not Event.KEEP:
        moved = labels.look_at_discarded(lab, con, moved, now)
    announce.verdict(lab, con, moved, now)
    if event is Event.KEEP:
        experiments.move(con, experiment.id, Event.ENQUEUE, now, reason=reason)
        if in_head:
            experiments.move(con, experiment.id, Event.MERGE, now, reason=f"{reason}; it is in the head already")
    _tell_of_head(con, EXPERIMENTS.get(con, experiment.id), now)


def _left_in_head(experiment: Experiment) -> str:
    """What to do with a merge that did not hold when it was raced again."""
    if experiment.merged_commit is None:
        return ""
    return f"; it is still in the head: `org revert {experiment.id}` takes it out"


def _tell_of_head(con: sqlite3.Connection, experiment: Experiment, now: datetime) -> None:
    if experiment.merged_commit is None or experiment.state is State.MERGED:
        return
    told = f"{experiment.id} is in the head and did not hold when it was raced again"
    id = f"left-in-head-{experiment.id}-{experiment.pool}"
    announce.person(con, told, f"{experiment.reason}\n\nThe page: `org show {experiment.id}`.", now, id=id)


def _ending(lab: Lab, con: sqlite3.Connection, experiment: Experiment, decision: Decision) -> tuple[Event, str]:
    """What a decided race means for its claim, and why."""
    if experiment.claim is not Claim.SIMPLIFY:
        return (Event.KEEP if decision.verdict is Verdict.KEEP else Event.DISCARD), decision.reason
    assert experiment.pool is not None
    mine = values_by_slot(lab, _of_pool(experiment, reads.candidate_runs(con, experiment.id)))
    base = pools.values(lab, con, experiment.pool)
    return simplifying.conclude(lab, con, experiment, base, mine, decision, continuing.protocol(lab, con, experiment))


def end_arm(lab: Lab, con: sqlite3.Connection, experiment: Experiment, ending: crashes.Ending, now: datetime) -> bool:
    """A run of it did not succeed: run it again, or end the experiment. Returns whether it ended."""
    if ending.retry is not None:
        queue_candidate(
            lab, con, experiment, ending.retry.tree, ending.retry.slot, now, ending.retry.purpose,
            ending.retry.attempt + int(ending.counts),
        )  # fmt: skip
        return False
    moved = experiments.move(con, experiment.id, ending.event, now, reason=ending.reason + _left_in_head(experiment))
    announce.verdict(lab, con, moved, now)
    _tell_of_head(con, moved, now)
    return True


def _record(con: sqlite3.Connection, experiment: Experiment, decision: Decision, now: datetime) -> None:
    """One row per look. A look repeated after a crash is the same row; one against another pool is another."""
    look = decision.candidate_runs * 100 + decision.base_runs
    con.execute(
        "INSERT INTO verdicts (experiment, at, kind, looks, verdict, decision) VALUES (?, ?, 'race', ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (
            experiment.id, rows.encode(now), (experiment.pool or 0) * 100_000 + look, decision.verdict.value,
            rows.encode(dataclasses.asdict(decision)),
        ),
    )  # fmt: skip


def _pair_spreads(con: sqlite3.Connection) -> list[float]:
    decided = [e for e in reads.experiments(con) if e.decided_at is not None]
    return [float(e.decision["pair_spread"]) for e in decided if e.decision.get("pair_spread")]
