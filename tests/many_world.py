"""A made-up lab under construction, for tests/many.py: its devices, and runs that end on them at their time."""

import json
import random
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from org.model import run as run_model
from org.model.idle import Cause
from org.model.pool import Pool, Slot
from org.model.run import Purpose, Run
from org.store import events, rows
from org.store.layout import Layout
from org.store.tables import (
    POOLS,
    RUNS,
    SLOTS,
)

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
SIGMA = 0.0024  # of one run
POOL = 8
DEVICES = 8
RUN_SECONDS = 318.0
FLOPS, TOKENS, PARAMETERS = 2e15, 5.2e7, 4.1e7
SEED_EFFECT = tuple(random.Random(f"slot {slot}").gauss(0, 0.8) for slot in range(32))  # what the seed does, in σ
IDLE_CAUSES = (Cause.NOTHING, Cause.RATE_LIMIT, Cause.GANG, Cause.ANSWER)


@dataclass
class World:
    """A lab under construction. at: when its next experiment begins. free: when each device is free again. heads: program →
    [pool, commit, true level, level of the root]."""

    layout: Layout
    con: sqlite3.Connection
    dice: random.Random
    at: datetime
    begun: datetime
    names: tuple[str, ...]
    free: dict[str, datetime] = field(default_factory=dict)
    idle_since: dict[str, datetime] = field(default_factory=dict)
    heads: dict[str, tuple[Pool, str, float]] = field(default_factory=dict)
    roots: dict[str, tuple[Pool, float]] = field(default_factory=dict)
    means: dict[int, list[float]] = field(default_factory=dict)  # pool → values
    said: list[tuple[datetime, str, str, str, dict[str, Any]]] = field(default_factory=list)
    busy: dict[str, datetime] = field(default_factory=dict)  # author → when its last verdict came
    merges: int = 0
    certified: int = 0
    runs: int = 0
    pools: int = 0
    studies: int = 0

    def hex(self) -> str:
        return f"{self.dice.getrandbits(160):040x}"

    def say(self, at: datetime, kind: str, subject: str, actor: str = events.OFFICE, **detail: Any) -> None:
        self.said.append((at, kind, subject, actor, detail))


def layout_of(folder: Path) -> Layout:
    return Layout(folder, folder / "comms", folder / "worktrees")


def make_pool(w: World, slug: str, tree: str, level: float, at: datetime) -> Pool:
    w.pools += 1
    pool = Pool(w.pools, f"key-{w.pools}", tree, 0, "2e15flop", "5eed", "H100 SXM", at)
    POOLS.insert(w.con, pool)
    w.means[pool.id] = []
    for slot in range(POOL):
        run = make_run(w, Purpose.POOL, slug, tree, slot, level, at, pool=pool.id)
        SLOTS.insert(w.con, Slot(pool.id, slot, run.id, True))
        w.means[pool.id].append(run.metric or 0.0)
    return pool


def make_run(
    w: World, purpose: Purpose, slug: str | None, tree: str, slot: int, level: float | None, ready: datetime,
    compute: float = 1.0, own: float = 0.6, **more: Any,
) -> Run:  # fmt: skip
    """A finished run on the device that is free first; `level` None: it fails. own: how much of its noise is not its seed's."""
    device = min(w.free, key=lambda name: (w.free[name], name))
    begin = max(w.free[device], ready)
    _idle(w, device, begin)
    seconds = (RUN_SECONDS * (compute if purpose is Purpose.STUDY else 1.0) + w.dice.gauss(0, 6)) if level is not None else 40.0
    end = begin + timedelta(seconds=seconds)
    noise = SEED_EFFECT[slot % 32] * (1 - own) + w.dice.gauss(0, 1) * own
    metric = None if level is None else level + SIGMA * noise
    w.runs += 1
    state = run_model.State.FAILED if level is None else run_model.State.SUCCEEDED
    run = Run(
        f"R{w.runs}", purpose, state, tree, 100_000 + slot, slot, more.pop("rung", 0), 8, more.pop("budget", "2e15flop"), ready,
        program=slug, device=device, metric=metric, reason="" if metric else "nan: the loss is not a number at step 61",
        record=_record(compute, seconds, w.dice), result={"value": metric, "self_reported": False},
        train_seconds=seconds - 14, total_seconds=seconds, started_at=begin, finished_at=end, **more,
    )  # fmt: skip
    RUNS.insert(w.con, run)
    told = {"experiment": run.experiment, "device": device}
    w.say(ready, "run.queued", run.id, purpose=purpose.value, seed=run.seed, **told)
    w.say(begin, "run.running", run.id, **told)
    w.say(end, f"run.{state.value}", run.id, metric=metric, **told)
    w.free[device] = end + timedelta(seconds=2)
    return run


def _record(compute: float, seconds: float, dice: random.Random) -> dict[str, Any]:
    return {
        "steps": 400, "timed_steps": 390, "flops": FLOPS * compute, "tokens": TOKENS * compute, "parameters": PARAMETERS,
        "train_seconds": seconds - 14, "tok_per_sec": TOKENS / seconds, "peak_memory_mb": 31_000 + dice.randrange(400),
        "device_model": "H100 SXM", "dtype": "bfloat16", "versions": {"torch": "2.13.0"}, "corpus": "fineweb-edu 10B",
    }  # fmt: skip


def _idle(w: World, device: str, until: datetime) -> None:
    """Ten seconds and more without a run are noted with their cause."""
    since = w.free[device]
    if until - since > timedelta(seconds=10):
        cause = IDLE_CAUSES[w.dice.randrange(len(IDLE_CAUSES))]
        w.con.execute(
            "INSERT INTO idle (device, since, until, cause) VALUES (?, ?, ?, ?)",
            (device, rows.encode(since), rows.encode(until), cause.value),
        )


def metrics(layout: Layout, run: str, step: int, torn: bool = True) -> None:
    """The metrics of a run that got as far as `step`, with a half-written line at its end."""
    lines = [
        json.dumps({"step": s, "steps": 400, "loss": 6.0 / (1 + s / 60) + 2.2, "train_seconds": s * 0.7, "tok_per_sec": 4.1e5,
                    "flops": FLOPS * s / 400, "tokens": TOKENS * s / 400})
        for s in range(5, step + 1, 5)
    ]  # fmt: skip
    folder = layout.run(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text("\n".join(lines) + ('\n{"step": 9' if torn else "\n"), encoding="utf-8")
