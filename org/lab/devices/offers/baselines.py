"""Baselines of the open programs' heads: empty seeds first, then the oldest ones again."""

import functools
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import pools, programs, settings
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.lab.screen import screens
from org.lab.settings import Setting
from org.model.experiment import State as ExperimentState
from org.model.pool import Pool
from org.model.program import Program, State
from org.model.run import OUTSTANDING, Run
from org.store import experiments, reads, runs
from org.store import programs as stored_programs
from org.store.tables import RUNS
from org.workspace import snapshots


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """Of every open program, at the scale of its races, and of its screens where there are some; programs with the same
    head share their pools, so these are offered once."""
    scales = [settings.of_race(lab), *([settings.of_screen(lab)] if screens.switch(lab).on else [])]
    seen: set[str] = set()
    for program in stored_programs.in_state(con, State.OPEN):
        tree = head_tree(lab, program)
        if tree is not None and tree not in seen:
            seen.add(tree)
            for at in scales:
                yield from _of_pool(lab, con, program, tree, at, now)


def _of_pool(lab: Lab, con: sqlite3.Connection, program: Program, tree: str, at: Setting, now: datetime) -> Iterator[Offer]:
    pool = pools.find(lab, con, tree, at)
    id = None if pool is None else pool.id
    asked = {r.slot for r in runs.in_state(con, *OUTSTANDING) if id is not None and r.pool == id and r.purpose in pools.BASELINES}
    speaking = {run.slot: run for run in reads.pool_runs(con, id)} if id is not None else {}
    if programs.spent(lab, program) is None:
        empty = [slot for slot in range(at.pool_size) if slot not in speaking and slot not in asked]
        yield from (_fill(lab, con, program, tree, at, slot) for slot in empty)
    if pool is not None:
        judging = {e.pool for e in experiments.in_state(con, ExperimentState.RACING)}
        old = [run for slot, run in speaking.items() if slot not in asked]
        yield from (_again(lab, con, pool, run, id in judging, now) for run in old)


def head_tree(lab: Lab, program: Program) -> str | None:
    """The program's head as it is run; None before it was opened."""
    if program.root_commit is None or program.head_commit is None:
        return None
    return _run_tree(lab.git, program.root_commit, program.head_commit, program.editable, lab.config.task.protected)


# The tree of two commits never changes; without this an idle lab would start five git processes a tick.
_run_tree = functools.lru_cache(maxsize=256)(snapshots.run_tree)


def _fill(lab: Lab, con: sqlite3.Connection, program: Program, tree: str, at: Setting, slot: int) -> Offer:
    races = value.coming_races(lab, con, program)
    share = 1.0 if at.screens or slot < lab.protocol.min_base_runs else value.reach(con, slot + 1)
    wanted, seconds = value.at_least_once(share, races), value.run_seconds(lab, at.budget, at.gang)

    def take(now: datetime) -> list[Run]:
        with lab.ledger.transaction() as tx:
            return pools.fill(lab, tx, pools.of_tree(lab, tx, tree, now, at), now, program.slug)

    noun = "screens" if at.screens else "races"
    why = f"seed {slot + 1} of {at.pool_size} is empty; {races} coming {noun} want it with {wanted:.0%}, and would wait for it"
    kind = "screen baseline" if at.screens else "baseline"
    return Offer(kind, f"head of {program.slug}", value.WAITED * wanted * seconds, seconds, why, take, seconds, 1, program.slug)


def _again(lab: Lab, con: sqlite3.Connection, pool: Pool, run: Run, is_raced: bool, now: datetime) -> Offer:
    age, words = _age(lab, con, run, now)
    seconds = value.run_seconds(lab, pool.budget, run.gang)
    worth = value.REFRESH * min(age, 1.0) ** 2 * (value.RACED if is_raced else 1.0)

    def take(now: datetime) -> list[Run]:
        with lab.ledger.transaction() as tx:
            return pools.again(lab, tx, pool, 1, now)

    why = f"seed {run.slot + 1} {words}" + ("; a race is judged by it now" if is_raced else "")
    return Offer("baseline again", f"pool-{pool.id}", max(worth, 1e-3) * seconds, seconds, why, take, seconds)


def _age(lab: Lab, con: sqlite3.Connection, run: Run, now: datetime) -> tuple[float, str]:
    """How old a baseline is: 1 when the protocol has it repeated; and in words."""
    if run.finished_at is None:
        return 0.0, "is new"
    later = RUNS.count(
        con, f"WHERE finished_at > ? AND state = 'succeeded' AND {pools.COUNTED}",
        run.finished_at.isoformat(timespec="milliseconds"),
    )  # fmt: skip
    hours = (now - run.finished_at).total_seconds() / 3600
    rules = lab.protocol
    age = max(later / rules.stale_after_runs, hours / rules.stale_after_hours)
    limits = f"{rules.stale_after_runs} runs or {rules.stale_after_hours:g} h"
    return age, f"is {later} runs and {hours:.1f} h old; a race repeats it after {limits}"
