"""A sentinel: one more run of a baseline, held against that baseline's pool. `science.drift` judges. It never enters a pool.
An alarm freezes merges; drifting.py does the rest.

Where runs repeat bit by bit it runs a seed of the pool again, and the value must be the same. When it is not, the seed is run
once more: two values that differ now, too, say that this device never repeated anything, and the z decides. Elsewhere it has
a seed of its own, and its z and the sum over all sentinels since that pool was measured (CUSUM) decide.
"""

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from org.lab import announce, pools, seeds
from org.lab.drift import freezing
from org.lab.drift.freezing import Freeze
from org.lab.lab import Lab
from org.lab.studies.kind import Finding, Wanted
from org.model.pool import Pool
from org.model.run import Run
from org.model.study import Kind, State, Study
from org.runs.devices import Device
from org.science import drift, sigma
from org.science.drift import Check
from org.store import events, reads, rows, studies
from org.store.tables import EVENTS, POOLS, STUDIES

RANK = 1.5  # before screens and races: whatever they decide rests on it
AGAIN = 100  # added to the slot of a repeat that is run once more
INEXACT = "this device does not repeat runs bit by bit (two runs of one seed differ), so its z decides from now on"
TOO_FEW = "its pool has too few values to be held against"


@dataclass(frozen=True, slots=True)
class Sentinel:
    """plan: pool, tree, environment; head, the tree whose pool is measured anew after an alarm; slot, run and expected where
    a seed of the pool is repeated, else None."""

    kind: Kind = Kind.SENTINEL
    rank: float = RANK
    backfill: bool = False

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """One run; a repeat that differs is run once more."""
        plan, slot, asked = study.plan, study.plan["slot"], {run.slot for run in studies.runs_of(con, study.id)}
        if not asked:
            seed = seeds.sentinel_seed(con, study.id, 0) if slot is None else seeds.pool_seed(con, slot)
            return [Wanted(plan["tree"], seed, slot or 0, pool=plan["pool"])]
        if slot is None or values[0].metric == plan["expected"] or slot + AGAIN in asked:
            return []
        return [Wanted(plan["tree"], seeds.pool_seed(con, slot), slot + AGAIN, pool=plan["pool"])]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """Good, or an alarm: then merges are frozen from here on."""
        pool, run = POOLS.get(con, study.plan["pool"]), values[0]
        found = _check(lab, con, study, pool, lab.sign * (run.metric or 0.0))
        if found is not None and len(values) > 1 and values[1].metric != run.metric:
            events.append(con, "drift.inexact", pool.device_model, at=now, study=study.id, runs=[r.id for r in values])
            alarm = abs(found.z) > lab.protocol.drift.z_limit  # infinite where the pool does not tell
            found = replace(found, alarm=alarm, reason=f"{INEXACT}: z {found.z:+.2f}")
        if found is None:
            return Finding(TOO_FEW, {}, failed=True)
        outcome = {k: v if math.isfinite(v) else None for k, v in asdict(found).items() if k not in ("alarm", "reason")}
        outcome |= {"alarm": found.alarm, "run": run.id, "value": run.metric, "device": run.device, "pool": pool.id}
        if found.alarm:
            _freeze(lab, con, study, found, pool, now)
        return Finding(f"alarm: {found.reason}" if found.alarm else found.reason, outcome)


def ask(con: sqlite3.Connection, pool: Pool, head: str, environment: str, now: datetime) -> Study:
    """Ask for one of a full pool. head: the tree whose pool is measured anew after an alarm."""
    repeated = _to_repeat(con, pool)
    plan: dict[str, Any] = {"slot": None, "run": None, "expected": None}
    if repeated is not None:
        plan = {"slot": repeated.slot, "run": repeated.id, "expected": repeated.metric}
    plan |= {"pool": pool.id, "tree": pool.tree, "head": head, "environment": environment}
    return studies.ask(con, Kind.SENTINEL, f"pool-{pool.id}", events.OFFICE, now, **plan)


def every(con: sqlite3.Connection) -> list[Study]:
    """All sentinels that were not called off, oldest first."""
    tail = "WHERE kind = ? AND state != ? ORDER BY CAST(substr(id, 2) AS INTEGER)"
    return STUDIES.select(con, tail, Kind.SENTINEL.value, State.CANCELLED.value)


def rotated(con: sqlite3.Connection, free: Sequence[Device]) -> list[Device]:
    """Free devices, first those that no sentinel has been on, then the one whose sentinel is longest ago: a single card may
    drift, and only its own runs show it."""
    last: dict[str, str] = dict(con.execute(
        "SELECT r.device, max(r.started_at) FROM runs r JOIN studies s ON s.id = r.study"
        " WHERE s.kind = ? AND r.device IS NOT NULL AND r.started_at IS NOT NULL GROUP BY r.device", (Kind.SENTINEL.value,),
    ))  # fmt: skip
    return sorted(free, key=lambda device: last.get(device.name, ""))


def is_exact(con: sqlite3.Connection, run: Run, device_model: str) -> bool:
    """Whether such a run repeats bit by bit: its record says that it ran on a CPU, its budget has no clock, and no repeat on
    such a device has told otherwise."""
    told = str(run.record.get("device", ""))
    if not told.startswith("cpu") or run.budget.endswith("s"):
        return False
    return not EVENTS.count(con, "WHERE kind = 'drift.inexact' AND subject = ?", device_model)


def _to_repeat(con: sqlite3.Connection, pool: Pool) -> Run | None:
    """The run of the pool that was made longest ago, where runs repeat exactly."""
    own = [r for r in reads.pool_runs(con, pool.id) if r.metric is not None and r.finished_at is not None]
    exact = [r for r in own if is_exact(con, r, pool.device_model)]
    if not own or len(exact) < len(own):
        return None
    return min(own, key=lambda r: (str(rows.encode(r.finished_at)), r.slot))


def _check(lab: Lab, con: sqlite3.Connection, study: Study, pool: Pool, value: float) -> Check | None:
    """None where the pool says too little."""
    base = [v for v in pools.values(lab, con, pool.id) if v is not None]
    spread, df = sigma.pooled([base], *pools.spread_before(lab, con, pool), _floor(lab, base))
    known = len(base) >= lab.protocol.min_base_runs and df > 0
    if study.plan["slot"] is not None:
        exact = drift.check_exact(lab.sign * study.plan["expected"], value)
        return replace(exact, z=drift.deviate(base, value, spread)) if known else exact
    return drift.check(base, [*_earlier(lab, con, pool), value], spread, lab.protocol) if known else None


def _floor(lab: Lab, base: Sequence[float]) -> float:
    return max(lab.protocol.sigma_floor * abs(sigma.mean(base)), sigma.LEAST) if base else sigma.LEAST


def _earlier(lab: Lab, con: sqlite3.Connection, pool: Pool) -> list[float]:
    """Values of the sentinels on seeds of their own since this pool was measured, oldest first."""
    mine = [s for s in studies.done(con, Kind.SENTINEL) if s.plan["pool"] == pool.id and s.plan["slot"] is None]
    return [lab.sign * s.outcome["value"] for s in mine]


def _freeze(lab: Lab, con: sqlite3.Connection, study: Study, found: Check, pool: Pool, now: datetime) -> None:
    good = _last_good(lab, con, found, pool)
    since = "" if good is None else str(rows.encode(good.asked_at))
    freezing.begin(con, Freeze(study.id, study.plan["head"], found.reason, str(rows.encode(now)), since), now)
    when = "the beginning" if good is None else f"{good.asked_at:%Y-%m-%d %H:%M} UTC ({good.id}, the last good sentinel)"
    body = (
        f"{found.reason}.\n\nThe devices, or something around them, do not measure what they measured when the pool was made. "
        f"Nothing is merged now. The lab measures the pool anew, then opens again what was decided since {when}, and goes on "
        "by itself; races that are under way start over.\n\n`org noise` lists the sentinels. If you know better, "
        '`org resume merges --reason "…"` lifts the freeze and opens nothing again.'
    )
    announce.person(con, f"Merges are frozen: {study.id} found a drift", body, now, id=f"drift-{study.id}")


def _last_good(lab: Lab, con: sqlite3.Connection, alarm: Check, pool: Pool) -> Study | None:
    """The last sentinel before the change: where a sum gave the alarm, the last at which that sum was still 0."""
    way = "better" if alarm.better > alarm.worse else "worse"
    by_sum = abs(alarm.z) <= lab.protocol.drift.z_limit and max(alarm.better, alarm.worse) > 0.0
    for study in reversed(studies.done(con, Kind.SENTINEL)):
        told = study.outcome
        if not told["alarm"] and (not by_sum or told["pool"] != pool.id or not told[way]):
            return study
    return None
