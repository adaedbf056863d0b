"""A race as a person can check it by hand: every run with its seed and value, every look with its bar, every step of the
arithmetic, and what would change the verdict. The pool is taken as it was at the last look; a refreshed one says otherwise.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from typing import Any

from org.comms import parts, rungs, stacks
from org.comms.rungs import Larger
from org.lab import pools
from org.lab.lab import Lab
from org.lab.screen import page as screen_page
from org.lab.screen.page import Part
from org.lab.verdicts import continuing, judge
from org.model.experiment import Claim, Experiment
from org.model.pool import Pool
from org.model.run import Purpose, Run, State
from org.science import explain, race, sigma
from org.science.explain import Explanation
from org.store import reads, rows, runs
from org.store.tables import EXPERIMENTS, POOLS, RUNS, SLOTS


@dataclass(frozen=True, slots=True)
class Row:
    """One run. arm: base, candidate, or recheck. value: as the task reports it; None when it did not count. counts: it
    entered the last look."""

    arm: str
    slot: int
    run: str
    seed: int
    device: str
    value: float | None
    counts: bool
    note: str


@dataclass(frozen=True, slots=True)
class Look:
    """One look as it was recorded. needed: e for a keep; met: whether it was kept, or stayed above the bar."""

    kind: str
    at: str
    candidate_runs: int
    base_runs: int
    gain: float
    z: float
    pair_z: float | None
    bar: float
    e_pool: float
    e_pair: float
    e: float
    needed: float
    met: bool
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """explanation: of the race with the runs that count; None before there are any. restored: its e is the recorded one.
    screen: the short run before it. larger: what it did on larger rungs."""

    experiment: Experiment
    metric: str
    lower_is_better: bool
    rows: tuple[Row, ...]
    looks: tuple[Look, ...]
    explanation: Explanation | None
    restored: bool
    screen: Part | None = None
    larger: tuple[Larger, ...] = ()
    sections: tuple[str, ...] = ()  # its parts, its stack and its revert, in words


def of(lab: Lab, con: sqlite3.Connection, id: str, now: datetime) -> Page:
    """The page of one experiment. Raises OrgError when there is none of that name."""
    e = EXPERIMENTS.get(con, id)
    every = reads.candidate_runs(con, id)
    last = reads.last_race(con, id)
    pool = POOLS.get(con, last[0].pool) if last else None
    looks = _looks(lab, con, id)
    if pool is None:
        return Page(e, lab.config.task.metric, lab.sign > 0, (), looks, None, True, screen_page.of(lab, con, e))
    races = [look for look in looks if look.kind == "race"]
    at = str(rows.encode(now)) if e.is_open or not races else races[-1].at
    base = _speaking(con, pool, pools.size(lab, pool), at)
    explanation = _explain(lab, con, e, pool, base, [r for r in last if _by(r, at)], at)
    restored = explanation is None or not races or _same(explanation, races[-1])
    counted = {r.id for r in base.values()} | {r.id for r in last if _by(r, at)}
    others = [r for r in runs.of_experiment(con, id) if r.purpose is Purpose.RECHECK]
    listed = [_row("base", base[slot], slot, counted) for slot in sorted(base)]
    listed += [_row("candidate", r, r.slot, counted) for r in every] + [_row("recheck", r, r.slot, counted) for r in others]
    before = screen_page.of(lab, con, e)
    return Page(
        e,
        lab.config.task.metric,
        lab.sign > 0,
        tuple(listed),
        looks,
        explanation,
        restored,
        before,
        rungs.of(con, id),
        _sections(con, id),
    )


def _sections(con: sqlite3.Connection, id: str) -> tuple[str, ...]:
    return tuple(text for text in (parts.section(con, id), stacks.section(con, id)) if text)


def _by(run: Run, at: str) -> bool:
    return run.state is State.SUCCEEDED and run.metric is not None and str(rows.encode(run.finished_at)) <= at


def _speaking(con: sqlite3.Connection, pool: Pool, size: int, at: str) -> dict[int, Run]:
    """Which run spoke for each seed of a pool at that time: its newest by then, else the one carried over to it."""
    now = {s.slot: RUNS.get(con, s.run) for s in SLOTS.select(con, "WHERE pool = ?", pool.id)}
    own = RUNS.select(
        con, "WHERE pool = ? AND purpose IN ('pool', 'screen_pool') AND state = 'succeeded' AND finished_at <= ? "
        "ORDER BY finished_at, CAST(substr(id, 2) AS INTEGER)", pool.id, at,
    )  # fmt: skip
    carried = {slot: run for slot, run in now.items() if run.purpose is not Purpose.POOL and _by(run, at)}
    found = carried | {run.slot: run for run in own if run.metric is not None}
    return {slot: run for slot, run in found.items() if slot < size}


def _explain(
    lab: Lab, con: sqlite3.Connection, e: Experiment, pool: Pool, base: dict[int, Run], mine: Sequence[Run], at: str
) -> Explanation | None:
    values = judge.values_by_slot(lab, mine)
    if not values:
        return None
    size = pools.size(lab, pool)
    slots = _values(lab, base, size)
    groups = [_values(lab, _speaking(con, other, size, at), size) for other in pools.others(con, pool, at)]
    sigma0, df0 = sigma.earlier(slots, groups, lab.protocol.earlier_df)
    return explain.explain(
        slots, values, sigma0=sigma0, df0=df0,
        half_spread=race.usual_pair_spread(_pair_spreads(con, e, at), lab.protocol),
        claim_margin=e.margin if e.claim is Claim.SIMPLIFY else 0.0, protocol=continuing.protocol(lab, con, e),
    )  # fmt: skip


def _values(lab: Lab, speaking: dict[int, Run], size: int) -> list[float | None]:
    return [lab.sign * (speaking[slot].metric or 0.0) if slot in speaking else None for slot in range(size)]


def _pair_spreads(con: sqlite3.Connection, e: Experiment, at: str) -> list[float]:
    decided = [o for o in reads.experiments(con) if o.id != e.id and o.decided_at is not None]
    told = [o for o in decided if str(rows.encode(o.decided_at)) <= at]
    return [float(o.decision["pair_spread"]) for o in told if o.decision.get("pair_spread")]


def _same(found: Explanation, look: Look) -> bool:
    d = found.decision
    return d.candidate_runs == look.candidate_runs and isclose(d.e, look.e, rel_tol=1e-9)


def _row(arm: str, run: Run, slot: int, counted: set[str]) -> Row:
    note = "" if run.state is State.SUCCEEDED else f"{run.state.value} {run.reason}".strip()
    if arm == "base" and run.purpose is not Purpose.POOL:
        note = f"carried over from {run.experiment or run.study}"
    return Row(arm, slot, run.id, run.seed, run.device or "", run.metric, run.id in counted, note)


def _looks(lab: Lab, con: sqlite3.Connection, id: str) -> tuple[Look, ...]:
    found = con.execute("SELECT kind, at, verdict, decision FROM verdicts WHERE experiment = ? ORDER BY id", (id,))
    return tuple(_look(lab, str(r["kind"]), str(r["at"]), str(r["verdict"]), json.loads(r["decision"])) for r in found)


def _look(lab: Lab, kind: str, at: str, verdict: str, told: dict[str, Any]) -> Look:
    fields = {f.name for f in dataclasses.fields(Look)}
    known: dict[str, Any] = {key: value for key, value in told.items() if key in fields and key != "verdict"}
    best = max(z for z in (known["z"], known["pair_z"]) if z is not None)
    met = verdict == "keep" or (verdict == "more" and best >= known["bar"])
    return Look(kind=kind, at=at, needed=1.0 / lab.protocol.alpha, met=met, verdict=verdict, **known)
