"""The screen: one short run before the race, against a pool of its own scale. It may only discard: nothing of it ever enters
a difference, a z or an e of the race. `science.screen` judges; this file asks, records, and moves the experiment on.

A share of the failed screens, drawn from the lab's key, is run in full all the same: without them nobody would know what
the screen costs. Everything follows from the ledger, so a kill repeats a step and doubles no run.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from org.lab import announce, pools, seeds, settings
from org.lab.lab import Lab
from org.lab.screen import screens
from org.lab.verdicts import crashes, judge
from org.model.experiment import Claim, Event, Experiment, State
from org.model.pool import Pool
from org.model.run import OUTSTANDING, Purpose, Run
from org.model.run import State as RunState
from org.science import screen
from org.science.screen import Outcome, Screening
from org.store import events, experiments, reads
from org.store.tables import EXPERIMENTS, POOLS


def step(lab: Lab, now: datetime) -> list[str]:
    """Screen what was approved, where the screen is on; judge every screen whose run has ended. What is left approved
    races unscreened. Returns the experiments that changed."""
    con, changed = lab.ledger.reader, []
    waiting = [e for e in experiments.in_state(con, State.APPROVED, State.REOPENED) if screens.wants(e)]
    if waiting and screens.switch(lab).on and screens.standing(lab, con).on:
        for experiment in waiting:
            with lab.ledger.transaction() as tx:
                _begin(lab, tx, experiment, now)
            changed.append(experiment.id)
    for experiment in experiments.in_state(con, State.SCREENING):
        if look(lab, experiment, now):
            changed.append(experiment.id)
    return changed


def look(lab: Lab, experiment: Experiment, now: datetime) -> bool:
    """One look at a screen. Returns whether the experiment moved: it races, or it has ended."""
    with lab.ledger.transaction() as tx:
        switch = screens.switch(lab)
        if not switch.on:
            judge.begin(lab, tx, experiment, now, f"it races unscreened: {switch.why}")
            return True
        experiment = _on_current_pool(lab, tx, experiment, now)
        mine = _of_pool(tx, experiment)
        if any(run.state in OUTSTANDING for run in mine):
            return False
        ending = crashes.of_arm(mine)
        if ending is not None:
            return judge.end_arm(lab, tx, experiment, ending, now)
        return _judge(lab, tx, experiment, mine, now)


def _begin(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> None:
    pool = _pool(lab, con, experiment, now)
    moved = experiments.move(con, experiment.id, Event.SCREEN, now, screen_pool=pool.id, screen={})
    _ask(lab, con, moved, pool, now)


def _pool(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> Pool:
    return pools.of_tree(lab, con, experiment.base_tree, now, settings.of_screen(lab))


def _ask(lab: Lab, con: sqlite3.Connection, experiment: Experiment, pool: Pool, now: datetime) -> None:
    """The candidate's run, on a seed that its pool does not have, and what the pool lacks or has from long ago."""
    if not _of_pool(con, experiment):
        slot = settings.of_screen(lab).pool_size + int(experiment.id[1:])
        judge.queue_candidate(lab, con, experiment, experiment.run_tree, slot, now, Purpose.SCREEN)
    wanted = _missing(lab, con, pool) or int(pools.is_stale(lab, con, pool.id, now))
    pools.queue_runs(lab, con, pool, wanted, now, experiment.program, experiment.id)


def _missing(lab: Lab, con: sqlite3.Connection, pool: Pool) -> int:
    return sum(value is None for value in pools.values(lab, con, pool.id))


def _of_pool(con: sqlite3.Connection, experiment: Experiment) -> list[Run]:
    return [r for r in reads.candidate_runs(con, experiment.id, Purpose.SCREEN) if r.pool == experiment.screen_pool]


def _on_current_pool(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> Experiment:
    """When the task, its environment or the devices changed under a screen, it starts over."""
    assert experiment.screen_pool is not None
    if pools.is_current(lab, con, POOLS.get(con, experiment.screen_pool)):
        return experiment
    pool = _pool(lab, con, experiment, now)
    EXPERIMENTS.update(con, experiment.id, screen_pool=pool.id)
    events.append(con, "experiment.restarted", experiment.id, at=now, was=experiment.screen_pool, pool=pool.id)
    experiment = EXPERIMENTS.get(con, experiment.id)
    _ask(lab, con, experiment, pool, now)
    return experiment


def _judge(lab: Lab, con: sqlite3.Connection, experiment: Experiment, mine: Sequence[Run], now: datetime) -> bool:
    """The run has its value: judge it as soon as the pool is full."""
    assert experiment.screen_pool is not None
    pool = POOLS.get(con, experiment.screen_pool)
    missing = _missing(lab, con, pool)
    if missing:
        pools.queue_runs(lab, con, pool, missing, now, experiment.program, experiment.id)
        return False
    run = next(r for r in mine if r.state is RunState.SUCCEEDED)
    standing = screens.standing(lab, con)
    if not standing.on:  # lost while this one ran
        judge.begin(lab, con, experiment, now, f"it races whatever its screen says: the screen is {standing.reason}")
        return True
    values = [v for v in pools.values(lab, con, pool.id) if v is not None]
    sigma0, df0 = pools.spread_before(lab, con, pool)
    coin = seeds.screen_coin(con, experiment.id)
    found = screen.judge(
        values, lab.sign * (run.metric or 0.0) - _margin(experiment), standing.bar, coin,
        sigma0=sigma0, df0=df0, protocol=lab.protocol,
    )  # fmt: skip
    base = [r.id for r in reads.pool_runs(con, pool.id)]
    detail = _detail(lab, experiment, found, run, standing) | {"base": base, "base_runs": len(values), "coin": coin}
    detail["reason"] = _words(detail)
    _keep(con, experiment, detail, now)
    if found.outcome is Outcome.FAILED:
        moved = experiments.move(con, experiment.id, Event.DISCARD, now, reason=f"{detail['reason']}; it was not raced")
        announce.verdict(lab, con, moved, now)
    else:
        judge.begin(lab, con, EXPERIMENTS.get(con, experiment.id), now)
    return True


def _margin(experiment: Experiment) -> float:
    return experiment.margin if experiment.claim is Claim.SIMPLIFY else 0.0


def _detail(lab: Lab, experiment: Experiment, found: Screening, run: Run, standing: screen.Standing) -> dict[str, Any]:
    """What is kept of a screen. gain: with the margin of a simplification, as it was judged."""
    numbers = {k: v for k, v in dataclasses.asdict(found).items() if k != "add_pool_runs"}
    known = standing.correlation
    return numbers | {
        "outcome": found.outcome.value, "run": run.id, "pool": run.pool, "value": run.metric, "budget": run.budget,
        "full_budget": lab.rung.run_budget, "margin": _margin(experiment), "standing": standing.reason,
        "correlation": known.value if known else None,
    }  # fmt: skip


def _words(detail: dict[str, Any]) -> str:
    eased = f", its margin {detail['margin']:g} included" if detail["margin"] else ""
    return (
        f"{detail['reason']} (one run of {detail['budget']} against {detail['base_runs']} of its base: gain "
        f"{detail['gain']:+.3g} ± {detail['se']:.2g}{eased})"
    )


def _keep(con: sqlite3.Connection, experiment: Experiment, detail: dict[str, Any], now: datetime) -> None:
    EXPERIMENTS.update(con, experiment.id, screen=detail)
    told = {key: detail[key] for key in ("outcome", "bar", "gain", "run", "pool")}
    events.append(con, "experiment.screened", experiment.id, at=now, z=round(detail["z"], 3), **told)
