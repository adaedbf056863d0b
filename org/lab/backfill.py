"""Runs for devices whose agents are away: what the lab needs anyway. Fresh seeds for what is reported first; then the
oldest baselines again, unless device-hours are limited, for then they wait for the agents' return."""

from datetime import datetime

from org.lab import away, headline, heads, pools, programs
from org.lab.lab import Lab
from org.model.experiment import State as ExperimentState
from org.model.program import Program, State
from org.model.run import OUTSTANDING, Purpose, Run
from org.model.run import State as RunState
from org.store import experiments, reads, runs
from org.store import programs as stored_programs
from org.store.tables import RUNS

PAIRS = 8  # fresh seeds on which a head is compared with its root


def fill(lab: Lab, free: int, now: datetime) -> list[Run]:
    """Queue runs for at most `free` devices; none while no agent is away."""
    count = min(free, away.devices(lab, now)) if free else 0
    if count <= 0:
        return []
    before = {run.id for run in runs.in_state(lab.ledger.reader, RunState.QUEUED)}
    wanted = count
    for program in stored_programs.in_state(lab.ledger.reader, State.OPEN):
        if wanted > 0 and programs.spent(lab, program) is None and _lacks_fresh_seeds(lab, program):
            headline.ask(lab, program.slug, 1, now)
            wanted -= 2
    if wanted > 0 and lab.config.limits.device_hours is None:
        _repeat_baselines(lab, wanted, now)
    return [run for run in runs.in_state(lab.ledger.reader, RunState.QUEUED) if run.id not in before]


def _lacks_fresh_seeds(lab: Lab, program: Program) -> bool:
    merges = reads.merges(lab.ledger.reader, program.slug)
    if not merges:
        return False
    states = [RunState.SUCCEEDED, *OUTSTANDING]
    marks = ", ".join("?" * len(states))
    have = RUNS.count(
        lab.ledger.reader, f"WHERE purpose = ? AND program = ? AND tree = ? AND state IN ({marks})",
        Purpose.FRESH.value, program.slug, merges[-1].tree, *(s.value for s in states),
    )  # fmt: skip
    return have < PAIRS


def _repeat_baselines(lab: Lab, count: int, now: datetime) -> None:
    """The oldest baselines again, on their own seeds, at nobody's cost; pools that a race is judged by come last."""
    con = lab.ledger.reader
    racing = {e.pool for e in experiments.in_state(con, ExperimentState.RACING)}
    trees = {heads.tree(lab, program): None for program in stored_programs.in_state(con, State.OPEN) if program.head_commit}
    with lab.ledger.transaction() as tx:
        found = [pools.of_tree(lab, tx, tree, now) for tree in trees]
        for pool in sorted(found, key=lambda pool: pool.id in racing):
            if count > 0:
                count -= len(pools.again(lab, tx, pool, count, now))
