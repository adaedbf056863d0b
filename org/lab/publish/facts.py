"""What a publication states, gathered from the ledger and the run folders: which runs, on which trees, at what cost."""

import json
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from org.lab.lab import Lab
from org.lab.spend import spending
from org.lab.verdicts import findings
from org.lab.verdicts.findings import Line
from org.model.errors import Refused
from org.model.experiment import IN_HEAD, Experiment
from org.model.experiment import State as Verdict
from org.model.merge import Merge
from org.model.run import Purpose, Run, State
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.store import meta, reads, rows, runs, studies
from org.store.tables import EXPERIMENTS, RUNS

LOGS = ("train.log", "evaluate.err", "metrics.jsonl", "train.json", "result.json")
REPEATS_WORTH = 15.4  # R* of Muennighoff et al. 2023, arXiv 2305.16264: epochs after which a repeat is worth little


@dataclass(frozen=True, slots=True)
class Shown:
    """One run of the publication. arm: `base` or `change`; selected: its value helped to select the change."""

    run: Run
    arm: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """Of everything that this finding took; baselines are everybody's and not in it. energy_joules None: not recorded by
    every run. calls_*: of its author's model while it was open, a share of which went elsewhere."""

    runs: int
    flops: float | None
    device_hours: float
    energy_joules: float | None
    device_dollars: float | None
    call_tokens: int
    call_dollars: float


@dataclass(frozen=True, slots=True)
class Facts:
    """line: as `org findings` has it. old, new: the trees that were run. is_finding False: merged, and no more. corpus: the
    data.json that the task's preparation left in its data folder, {} without one. logged: runs whose logs are kept."""

    experiment: Experiment
    merge: Merge
    line: Line
    is_finding: bool
    certificate: Study | None
    old: str
    new: str
    shown: tuple[Shown, ...]
    cost: Cost
    fingerprint: dict[str, Any]
    organization: str
    corpus: dict[str, Any]
    logged: frozenset[str]


def of(lab: Lab, id: str) -> Facts:
    """Of a merged experiment. Refused for one that is not in a head, or is doubted since."""
    con = lab.ledger.reader
    e = EXPERIMENTS.get(con, id)
    own = [m for m in reads.merges(con) if m.experiment == e.id]
    if e.state not in IN_HEAD or not own:
        raise Refused(_why_not(e))
    line = next(line for line in findings.of(lab, con, every=True).found if line.experiment == e.id)
    is_finding = any(line.experiment == e.id for line in findings.of(lab, con).found)
    tests = [s for s in studies.of_subject(con, Kind.CERTIFICATE, e.id) if s.state is StudyState.DONE]
    certificate = tests[-1] if tests else None
    old, new = _trees(con, own[-1], certificate)
    shown = _shown(con, e, certificate, new)
    told = json.loads(meta.get(con, "environment_detail") or "{}")
    return Facts(
        e, own[-1], line, is_finding, certificate, old, new, shown, _cost(lab, con, e, certificate), told,
        meta.get(con, "organization") or "", _corpus(lab), frozenset(s.run.id for s in shown if logs(lab, s.run.id)),
    )  # fmt: skip


def _why_not(e: Experiment) -> str:
    state = e.state.value.replace("_", " ")
    if e.merged_commit is None or e.state is Verdict.REVERTED:
        return f"{e.id} is {state}, not merged; only what is in a head can be published"
    again = "it is being raced again; publish it when that is decided" if e.is_open else "racing it again did not confirm it"
    return f"{e.id} is {state}: it is in the head, and {again}"


def logs(lab: Lab, run: str) -> list[Path]:
    """What is still there of a run's own words and numbers."""
    return [path for name in LOGS if (path := lab.layout.run(run) / name).is_file()]


def arm(facts: Facts, name: str, selected: bool) -> list[Run]:
    """Its runs of one arm that have a value."""
    return [s.run for s in facts.shown if s.arm == name and s.selected is selected and s.run.metric is not None]


def effective_tokens(record: dict[str, Any]) -> tuple[float, float, float] | None:
    """(seen, unique, effective): tokens of one run, those of the corpus among them, and what all are worth when repeats are
    worth less: U + U·R*·(1 − exp(−(epochs − 1)/R*)), Muennighoff et al. 2023. None where the task does not say."""
    tokens, epochs = record.get("tokens"), record.get("epochs")
    if not isinstance(tokens, int | float) or not isinstance(epochs, int | float) or not epochs > 0:
        return None
    unique = tokens / max(epochs, 1.0)
    repeats = max(epochs - 1.0, 0.0)
    return float(tokens), unique, unique * (1.0 + REPEATS_WORTH * (1.0 - math.exp(-repeats / REPEATS_WORTH)))


def _corpus(lab: Lab) -> dict[str, Any]:
    try:
        found = json.loads((lab.layout.data / "data.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _trees(con: sqlite3.Connection, merge: Merge, certificate: Study | None) -> tuple[str, str]:
    """The head before and after the merge, as they were run."""
    if certificate is not None:
        return str(certificate.plan["old"]), str(certificate.plan["new"])
    return reads.tree_before(con, merge), merge.tree


def _shown(con: sqlite3.Connection, e: Experiment, certificate: Study | None, new: str) -> tuple[Shown, ...]:
    """Fresh runs first, then those of the race and the re-check with their baselines."""
    fresh = studies.runs_of(con, certificate.id) if certificate is not None else []
    mine = [r for r in runs.of_experiment(con, e.id) if r.purpose in (Purpose.RACE, Purpose.RECHECK)]
    pools = dict.fromkeys(r.pool for r in mine if r.pool is not None)
    base = [r for pool in pools for r in reads.pool_runs(con, pool)]
    listed = [Shown(r, "change" if r.tree == new else "base", False) for r in fresh]
    listed += [Shown(r, "base", True) for r in base] + [Shown(r, "change", True) for r in mine]
    return tuple({shown.run.id: shown for shown in reversed(listed) if shown.run.state is State.SUCCEEDED}.values())[::-1]


def _cost(lab: Lab, con: sqlite3.Connection, e: Experiment, certificate: Study | None) -> Cost:
    named = [e.id, certificate.id if certificate else ""]
    listed = RUNS.select(con, "WHERE finished_at IS NOT NULL AND (experiment = ? OR study = ?)", *named)
    ended = [r for r in listed if r.purpose not in (Purpose.POOL, Purpose.SCREEN_POOL)]
    hours = sum((r.total_seconds or 0.0) * r.gang for r in ended) / 3600
    price = lab.config.device_dollars_per_hour
    row = con.execute(
        f"SELECT coalesce(sum({spending.TOKENS}), 0), coalesce(sum(dollars), 0.0) FROM usage WHERE agent = ? AND at >= ? "
        "AND at <= ?", (e.author, rows.encode(e.created_at), rows.encode(e.decided_at or e.created_at)),
    ).fetchone()  # fmt: skip
    return Cost(
        len(ended), _sum(ended, "flops"), hours, _sum(ended, "energy_joules"), None if price is None else hours * price,
        int(row[0]), float(row[1]),
    )  # fmt: skip


def _sum(found: Sequence[Run], key: str) -> float | None:
    values = [r.record.get(key) for r in found if r.state is State.SUCCEEDED]
    if not values or any(not isinstance(v, int | float) for v in values):
        return None
    return float(sum(v for v in values if v is not None))
