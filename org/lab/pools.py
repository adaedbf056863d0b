"""Pools: the baseline runs that candidates are judged against, one value a seed.

A pool belongs to a tree in an environment on a device model; programs with the same head share it. Refreshing runs the
same seed again and replaces its value. After a merge the accepted candidate's runs fill the new pool.
"""

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.config.ladder import LEAST_SEEDS
from org.lab import seeds, settings
from org.lab.lab import Lab
from org.lab.settings import Setting
from org.lab.spend import admission
from org.model.pool import Pool, Slot
from org.model.program import State as ProgramState
from org.model.run import OUTSTANDING, Event, Purpose, Run, State
from org.science import protocol as science
from org.science import sigma
from org.store import events, meta, reads, runs
from org.store.tables import POOLS, PROGRAMS, RUNS, SLOTS

BASELINES = (Purpose.POOL, Purpose.SCREEN_POOL)
EARLIER_POOLS = 12  # more than enough for the degrees of freedom they may add; each is held against all others at every look
COUNTED = "(study IS NULL OR study NOT IN (SELECT id FROM studies WHERE kind = 'sweep'))"  # a sweep's runs are short


def of_tree(lab: Lab, con: sqlite3.Connection, tree: str, now: datetime, setting: Setting | None = None) -> Pool:
    """The pool of a tree in today's environment, made empty when there is none. Call inside a transaction.
    setting: at which scale; None: that of races."""
    at = setting or settings.of_race(lab)
    found = find(lab, con, tree, at)
    if found is not None:
        return found
    environment, model = _environment(lab, con, at.depth), lab.devices[0].model
    key = _key(tree, at.rung, at.budget, environment, model)
    pool = Pool(POOLS.next_id(con), key, tree, at.rung, at.budget, environment, model, now)
    POOLS.insert(con, pool)
    events.append(con, "pool.made", f"pool-{pool.id}", at=now, tree=tree, device_model=model)
    return pool


def find(lab: Lab, con: sqlite3.Connection, tree: str, at: Setting) -> Pool | None:
    """The pool of a tree in today's environment at that scale; None when nobody has asked for one yet."""
    key = _key(tree, at.rung, at.budget, _environment(lab, con, at.depth), lab.devices[0].model)
    return next(iter(POOLS.select(con, "WHERE key = ?", key)), None)


def is_current(lab: Lab, con: sqlite3.Connection, pool: Pool) -> bool:
    """Whether new runs may enter the pool: task, budget, environment and devices are still those that it was made with."""
    at = settings.of_pool(lab, pool)
    return at is not None and pool.key == _key(
        pool.tree, at.rung, at.budget, _environment(lab, con, at.depth), lab.devices[0].model
    )


def of_races(lab: Lab, con: sqlite3.Connection, tree: str) -> list[Pool]:
    """Today's pools of full runs on the first rung: those of that tree first, newest first. Not those of screens and of
    larger rungs, whose spread is another one."""
    at = settings.of_race(lab)
    tail = "WHERE rung = ? AND budget = ? ORDER BY tree = ? DESC, id DESC"
    return [p for p in POOLS.select(con, tail, at.rung, at.budget, tree) if is_current(lab, con, p)]


def retire(lab: Lab, now: datetime) -> None:
    """Cancel what waits to run for pools that are no longer current: it would run as today's task and count as yesterday's."""
    con = lab.ledger.reader
    waiting = [run for run in runs.in_state(con, State.QUEUED) if run.pool is not None]
    old = {id for id in {run.pool for run in waiting} if not is_current(lab, con, POOLS.get(con, id))}
    if old:
        with lab.ledger.transaction() as tx:
            for run in waiting:
                if run.pool in old:
                    runs.move(tx, run.id, Event.CANCEL, now, "the task, its environment or the devices have changed since")


def size(lab: Lab, pool: Pool) -> int:
    """Seeds of the pool when it is full; of a pool that the config no longer knows, a race's."""
    return (settings.of_pool(lab, pool) or settings.of_race(lab)).pool_size


def values(lab: Lab, con: sqlite3.Connection, pool: int) -> list[float | None]:
    """The pool's values as decisions read them: lower is better, None where a seed has not run."""
    found = reads.pool_values(con, pool, size(lab, POOLS.get(con, pool)))
    return [None if v is None else lab.sign * v for v in found]


def spread_before(lab: Lab, con: sqlite3.Connection, pool: Pool) -> tuple[float | None, float]:
    """(sigma0, df0): what the pools of earlier heads in the same environment say of the spread, see `sigma.earlier`."""
    groups = [values(lab, con, other.id) for other in others(con, pool)]
    return sigma.earlier(values(lab, con, pool.id), groups, lab.protocol.earlier_df)


def others(con: sqlite3.Connection, pool: Pool, before: str = "9") -> list[Pool]:
    """The newest pools of other trees at the same rung, budget, environment and devices, made before that time (ISO)."""
    return POOLS.select(
        con, "WHERE id != ? AND rung = ? AND budget = ? AND environment = ? AND device_model = ? AND created_at < ? "
        "ORDER BY id DESC LIMIT ?",
        pool.id, pool.rung, pool.budget, pool.environment, pool.device_model, before, EARLIER_POOLS,
    )  # fmt: skip


def is_stale(lab: Lab, con: sqlite3.Connection, pool: int, now: datetime) -> bool:
    """Whether the pool's oldest run must be repeated before more is decided with it."""
    oldest = _oldest(con, pool)
    if oldest is None or oldest.finished_at is None:
        return False
    since = RUNS.count(
        con, f"WHERE finished_at > ? AND state = 'succeeded' AND {COUNTED}", oldest.finished_at.isoformat(timespec="milliseconds")
    )
    hours = (now - oldest.finished_at).total_seconds() / 3600
    return science.is_stale(since, hours, lab.protocol)


def queue_runs(
    lab: Lab, con: sqlite3.Connection, pool: Pool, count: int, now: datetime, program: str | None,
    experiment: str | None = None,
) -> list[Run]:  # fmt: skip
    """Ask for up to count baseline runs: empty seeds first, then, with a full pool, the oldest seed again.
    A seed that is already being run is not asked for twice; one that waits for a program that may not spend is taken over."""
    stuck = {} if _holds(lab, con, program) else _stuck(lab, con, pool.id)
    busy = {r.slot for r in _outstanding(con, pool.id)} - set(stuck)
    have = {s.slot for s in SLOTS.select(con, "WHERE pool = ?", pool.id)}
    wanted = [slot for slot in range(size(lab, pool)) if slot not in have | busy]
    oldest = _oldest(con, pool.id)
    if not wanted and not busy and oldest is not None:
        wanted = [oldest.slot]
    return [
        _take_over(con, stuck[slot], now, program, experiment) if slot in stuck
        else _queue(lab, con, pool, slot, now, program, experiment)
        for slot in wanted[:count]
    ]  # fmt: skip


def fill(lab: Lab, con: sqlite3.Connection, pool: Pool, now: datetime, program: str) -> list[Run]:
    """Ask for one run of an empty seed, when devices would idle otherwise."""
    have = {s.slot for s in SLOTS.select(con, "WHERE pool = ?", pool.id)}
    busy = {r.slot for r in _outstanding(con, pool.id)}
    wanted = [slot for slot in range(size(lab, pool)) if slot not in have | busy]
    return [_queue(lab, con, pool, slot, now, program, None) for slot in wanted[:1]]


def again(lab: Lab, con: sqlite3.Connection, pool: Pool, count: int, now: datetime) -> list[Run]:
    """Ask for up to count of the pool's oldest seeds once more, when devices would idle otherwise; no program pays."""
    busy = {r.slot for r in _outstanding(con, pool.id)}
    ended = [(r.finished_at, s.slot) for s, r in zip(_slots(con, pool.id), reads.pool_runs(con, pool.id), strict=True)]
    oldest = [slot for at, slot in sorted(ended, key=lambda e: (str(e[0]), e[1])) if at is not None and slot not in busy]
    return [_queue(lab, con, pool, slot, now, None, None) for slot in oldest[:count]]


def accept(con: sqlite3.Connection, run: Run) -> None:
    """A finished baseline run now speaks for its seed."""
    assert run.pool is not None
    _speak(con, Slot(run.pool, run.slot, run.id, True))


def carry_over(lab: Lab, con: sqlite3.Connection, pool: Pool, candidates: Sequence[Run], now: datetime) -> int:
    """Fill a new head's pool with the runs that its merge accepted, less LEAST_SEEDS seeds: what was accepted is lucky, so
    that many are run fresh."""
    have = {s.slot for s in SLOTS.select(con, "WHERE pool = ?", pool.id)}
    carried, most = 0, size(lab, pool) - LEAST_SEEDS
    for run in sorted(candidates, key=lambda r: r.slot):
        if run.slot < size(lab, pool) and run.slot not in have and carried < most:
            _speak(con, Slot(pool.id, run.slot, run.id, False))
            have.add(run.slot)
            carried += 1
    events.append(con, "pool.carried", f"pool-{pool.id}", at=now, runs=carried)
    return carried


def _speak(con: sqlite3.Connection, slot: Slot) -> None:
    con.execute(
        "INSERT INTO pool_slots (pool, slot, run, fresh) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (pool, slot) DO UPDATE SET run = excluded.run, fresh = excluded.fresh",
        (slot.pool, slot.slot, slot.run, int(slot.fresh)),
    )


def _queue(
    lab: Lab, con: sqlite3.Connection, pool: Pool, slot: int, now: datetime, program: str | None, experiment: str | None
) -> Run:
    at = settings.of_pool(lab, pool)
    assert at is not None, "no run is asked for in a pool that is not current"
    purpose, seed = (Purpose.SCREEN_POOL, seeds.screen_seed) if at.screens else (Purpose.POOL, seeds.pool_seed)
    return runs.queue(
        con,
        Run(
            id="", purpose=purpose, state=State.QUEUED, tree=pool.tree, seed=seed(con, slot), slot=slot, rung=at.rung,
            depth=at.depth, budget=at.budget, queued_at=now, program=program, experiment=experiment, pool=pool.id,
            gang=at.gang,
        ),
    )  # fmt: skip


def _take_over(
    con: sqlite3.Connection, run: Run, now: datetime, program: str | None, experiment: str | None
) -> Run:  # fmt: skip
    """A queued run becomes that program's; who asked for it first finds its value in the pool all the same."""
    RUNS.update(con, run.id, program=program, experiment=experiment)
    events.append(con, "run.taken_over", run.id, at=now, was=run.program, program=program, experiment=experiment)
    return RUNS.get(con, run.id)


def _stuck(lab: Lab, con: sqlite3.Connection, pool: int) -> dict[int, Run]:
    """By seed, the pool's queued runs whose program may not spend: they would be waited for without end."""
    queued = [run for run in _outstanding(con, pool) if run.state is State.QUEUED]
    holding = {slug for slug in {run.program for run in queued} if _holds(lab, con, slug)}
    return {run.slot: run for run in queued if run.program in holding}


def _holds(lab: Lab, con: sqlite3.Connection, program: str | None) -> bool:
    """Whether no run of the program may start: it is paused, or its allowance is spent."""
    if program is None:
        return False
    return PROGRAMS.get(con, program).state is ProgramState.PAUSED or admission.full(lab, "program", program) is not None


def _slots(con: sqlite3.Connection, pool: int) -> list[Slot]:
    return SLOTS.select(con, "WHERE pool = ? ORDER BY slot", pool)


def _outstanding(con: sqlite3.Connection, pool: int) -> list[Run]:
    return [r for r in runs.in_state(con, *OUTSTANDING) if r.pool == pool and r.purpose in BASELINES]


def _oldest(con: sqlite3.Connection, pool: int) -> Run | None:
    found = [r for r in reads.pool_runs(con, pool) if r.finished_at is not None]
    return min(found, key=lambda r: (r.finished_at, r.slot), default=None)


def _environment(lab: Lab, con: sqlite3.Connection, depth: int | None) -> str:
    """The digest of everything but tree, budget and device model that makes two values comparable. A drift (drifting.py)
    is a change of environment that no fingerprint shows."""
    task = lab.config.task
    score = (task.evaluate, task.pattern, task.metric, task.direction)
    drifted = meta.get(con, "drift_epoch")
    return _key(task.command, score, depth, meta.get(con, "environment") or "", *([drifted] if drifted else []))


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
