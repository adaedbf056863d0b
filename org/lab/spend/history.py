"""What the lab's own ledger says of how fast, how costly and how noisy its work is; where it says too little, an assumption
that is named. Every figure carries where it comes from."""

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from org.config import agent_names
from org.lab import settings
from org.lab.lab import Lab
from org.lab.spend import limits, spending
from org.model.experiment import VERDICTS, Experiment
from org.science import forecast
from org.science.forecast import Mix, Odds
from org.store import reads
from org.store.tables import EXPERIMENTS, RUNS

RECENT = spending.RECENT
ENOUGH_VERDICTS = 5  # from which on the lab's own are believed …
ENOUGH_FOR_KEEPS = 20  # … and for the share that is merged
BREAK = timedelta(minutes=30)  # without any run: the lab was off
BUSY = 0.95  # share of the time in which devices run something
PUBLIC_SIGMA = {"val_bpb": 6e-4}  # STATISTICS.md, from public logs; another task has its own
JUNIOR_TOKENS, CHIEF_TOKENS = 1.5e6, 0.2e6  # a verdict, where an agent's backend has no history here
MEGABYTES = 5.0  # of a run's folder, and of a verdict's snapshot
CALLS = {"input": 0.03, "cache_write": 0.05, "cache_read": 0.90, "output": 0.02}  # how an agent's tokens divide
TRIES = 150  # played at each effect


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with where it comes from, in words. value None: nobody knows."""

    value: float | None
    measured: bool
    source: str

    @property
    def number(self) -> float:
        """The value, 0 where nobody knows it."""
        return self.value or 0.0


def measured(value: float, what: str) -> Figure:
    return Figure(value, True, f"measured over {what}")


def assumed(value: float | None, why: str) -> Figure:
    return Figure(value, False, f"assumed: {why}")


def run_seconds(lab: Lab) -> Figure:
    """Seconds of device time a run."""
    found = spending.recent_seconds(lab.ledger.reader, lab.rung.run_budget)
    if found:
        return measured(median(found), f"the last {_runs(len(found))}")
    if lab.rung.run_budget.endswith("s"):
        return assumed(float(lab.rung.run_budget[:-1]), "the time budget of config.yaml")
    return assumed(lab.config.task.timeout_min * 15, "a quarter of task.timeout_min; no run has ended yet")


def busy(lab: Lab) -> Figure:
    """The share of the time in which a device runs something, pauses of the lab left out."""
    found = RUNS.select(lab.ledger.reader, "WHERE started_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY started_at")
    on, end, used = timedelta(0), None, 0.0
    for run in found:
        assert run.started_at is not None and run.finished_at is not None
        begin = run.started_at if end is None or run.started_at - end > BREAK else end
        on += max(run.finished_at - begin, timedelta(0))
        end = run.finished_at if end is None else max(end, run.finished_at)
        used += (run.finished_at - run.started_at).total_seconds()
    seconds = on.total_seconds() * len(lab.devices)
    if len(found) >= RECENT and seconds > 0:
        return measured(min(used / seconds, 1.0), _runs(len(found)))
    return assumed(BUSY, "the scheduler's aim")


def mix(lab: Lab) -> tuple[Mix, str]:
    """How alike same-seed runs of both arms are, for the race's odds."""
    told = [e.decision for e in _decided(lab) if e.decision.get("pair_spread") and e.decision.get("sigma")]
    if len(told) < ENOUGH_VERDICTS:
        return forecast.TYPICAL_MIX, "assumed: edits correlate as in STATISTICS.md (half .98, a fifth .5, the rest 0)"
    usual = median(float(d["pair_spread"]) / float(d["sigma"]) for d in told)
    rho = forecast.correlation(usual, 1.0)
    return ((1.0, rho),), f"measured: same-seed correlation {rho:.2f} over {len(told)} experiments"


def sigma(lab: Lab) -> Figure:
    """The run-to-run standard deviation, in metric units."""
    told = [float(e.decision["sigma"]) for e in _decided(lab) if e.decision.get("sigma")][-RECENT:]
    if told:
        return measured(median(told), f"the last {len(told)} verdicts")
    return assumed(PUBLIC_SIGMA.get(lab.config.task.metric), "STATISTICS.md (public logs), until the first pool is measured")


def runs_a_verdict(lab: Lab, odds: list[Odds]) -> Figure:
    """Runs of every purpose for one verdict: candidates, baselines, re-checks."""
    totals = reads.totals(lab.ledger.reader)
    if totals.verdicts >= ENOUGH_VERDICTS:
        return measured(totals.runs / totals.verdicts, f"{totals.verdicts} verdicts")
    p = settings.race_protocol(lab)
    played = forecast.expected(odds, p.prior).runs * (1 + p.pool_size / p.stale_after_runs)
    why = f"races played over the prior of STATISTICS.md, baselines {p.pool_size} in {p.stale_after_runs} runs"
    return assumed(played, why)


def merged_share(lab: Lab, odds: list[Odds]) -> Figure:
    """The share of verdicts that end in a merge."""
    totals = reads.totals(lab.ledger.reader)
    if totals.verdicts >= ENOUGH_FOR_KEEPS:
        return measured(totals.merged / totals.verdicts, f"{totals.verdicts} verdicts")
    return assumed(forecast.expected(odds, lab.protocol.prior).kept, "races played over the prior of STATISTICS.md")


def tokens_a_verdict(lab: Lab, agent: str) -> Figure:
    """Tokens of an agent for a verdict: of its own experiments, for a chief of the whole lab's."""
    entries = dict(agent_names(lab.config))
    entry, con = entries[agent], lab.ledger.reader
    if entry.backend in limits.SELF_DRIVEN:
        return Figure(0.0, True, "no model")
    is_chief = entry.role.startswith("chief")
    alike = [n for n, e in entries.items() if e.backend == entry.backend and e.role.startswith("chief") == is_chief]
    used = sum(spending.of(lab, con, "agent", name).tokens for name in alike)
    verdicts = reads.verdict_count(con) if is_chief else _verdicts_of(con, alike)
    if used and verdicts >= ENOUGH_VERDICTS:
        return measured(used / verdicts, f"{verdicts} verdicts with {entry.backend}")
    return assumed(CHIEF_TOKENS if is_chief else JUNIOR_TOKENS, f"no history of {entry.backend} here")


def dollars_a_token(lab: Lab, agent: str) -> Figure:
    """Dollars for one token of an agent's model, however its tokens divide."""
    spent = spending.of(lab, lab.ledger.reader, "agent", agent)
    calls = lab.ledger.reader.execute(
        f"SELECT sum(dollars), sum({spending.TOKENS}) FROM usage WHERE agent = ? AND dollars IS NOT NULL", (agent,)
    ).fetchone()
    if calls[1] and not spent.unpriced:
        return measured(calls[0] / calls[1], f"{spending.amount(calls[1])} tokens")
    model = dict(agent_names(lab.config))[agent].model
    per_million = spending.price(lab.config.prices, model) if model else None
    if per_million is None or spent.unpriced:
        return Figure(None, False, f"cost unknown: config.yaml has no price for {model or 'its model'}")
    read = per_million.input if per_million.cache_read is None else per_million.cache_read
    write = per_million.input if per_million.cache_write is None else per_million.cache_write
    each = {"input": per_million.input, "output": per_million.output, "cache_read": read, "cache_write": write}
    return assumed(math.fsum(CALLS[kind] * each[kind] for kind in CALLS) / 1e6, "nine of ten tokens are read from the cache")


def disk_megabytes(lab: Lab, folders: Mapping[str, Path]) -> Figure:
    """Megabytes that one of these folders takes on average, the newest looked at."""
    there = [path for path in folders.values() if path.is_dir()][-RECENT:]
    if not there:
        return assumed(MEGABYTES, "none was made yet")
    return measured(sum(_bytes(path) for path in there) / len(there) / 1e6, f"{len(there)} folders")


def run_folders(lab: Lab) -> dict[str, Path]:
    ended = RUNS.select(lab.ledger.reader, "WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?", RECENT)
    return {run.id: lab.layout.run(run.id) for run in ended}


def snapshot_folders(lab: Lab) -> dict[str, Path]:
    return {e.run_tree: lab.layout.snapshot(e.run_tree) for e in _decided(lab)[-RECENT:]}


def _decided(lab: Lab) -> list[Experiment]:
    return EXPERIMENTS.select(lab.ledger.reader, "WHERE decided_at IS NOT NULL ORDER BY decided_at")


def _verdicts_of(con: sqlite3.Connection, names: list[str]) -> int:
    marks, states = ", ".join("?" * len(names)), [s.value for s in VERDICTS]
    among = ", ".join("?" * len(states))
    return EXPERIMENTS.count(con, f"WHERE author IN ({marks}) AND state IN ({among})", *names, *states)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _runs(count: int) -> str:
    return f"{count} run{'' if count == 1 else 's'}"
