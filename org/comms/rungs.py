"""What a change did at larger scale: every run of base and change there, and the sentence that followed."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from org.comms.figures import gain, metric, table
from org.model.run import Run, State
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.store import studies
from org.store.tables import RUNS, STUDIES


@dataclass(frozen=True, slots=True)
class Row:
    """One run. arm: base or change. value: as the task reports it; None when it did not count."""

    arm: str
    slot: int
    run: str
    seed: int
    device: str
    value: float | None
    note: str


@dataclass(frozen=True, slots=True)
class Larger:
    """One study at a larger rung. numbers: of its outcome (z, needed, e, sigma, …); {} while it is open."""

    study: str
    where: str
    state: str
    reason: str
    bundle: tuple[str, ...]
    rows: tuple[Row, ...]
    numbers: dict[str, Any]


def of(con: sqlite3.Connection, id: str) -> tuple[Larger, ...]:
    """Every study of an experiment on a larger rung, oldest first."""
    found = STUDIES.select(con, "WHERE kind = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", Kind.RUNG.value)
    return tuple(_larger(con, study) for study in found if id in study.plan["experiments"])


def text(found: tuple[Larger, ...], metric_name: str) -> str:
    """The section of a page; "" where there is nothing to say."""
    return "## At larger scale\n\n" + "\n\n".join(_text(each, metric_name) for each in found) if found else ""


def _larger(con: sqlite3.Connection, study: Study) -> Larger:
    plan, told = study.plan, study.outcome
    where = f"rung {plan['rung']}" if plan["depth"] is None else f"depth {plan['depth']}"
    mine = studies.runs_of(con, study.id)
    spoke = [RUNS.get(con, id) for id in told.get("base", ()) if id not in {run.id for run in mine}]  # of an earlier study
    rows = [_row("base" if run.tree == plan["base"] else "change", run) for run in [*spoke, *mine]]
    rows.sort(key=lambda row: (row.arm, row.slot))
    bundle = tuple(plan["experiments"]) if plan["bundle"] else ()
    return Larger(study.id, f"{where} ({plan['budget']})", _state(study), study.reason, bundle, tuple(rows), told)


def _state(study: Study) -> str:
    match study.state:
        case StudyState.DONE:
            return "held" if study.outcome.get("held") else "did not hold"
        case StudyState.OPEN:
            return "waits for a person's yes" if study.plan["agreed"] is None else "under way"
        case _:
            return study.state.value


def _row(arm: str, run: Run) -> Row:
    note = "" if run.state is State.SUCCEEDED else f"{run.state.value} {run.reason}".strip()
    return Row(arm, run.slot, run.id, run.seed, run.device or "", run.metric, note)


def _text(each: Larger, metric_name: str) -> str:
    together = f" as one of the bundle {', '.join(each.bundle)}" if each.bundle else ""
    parts = [f"**{each.where}: {each.state}**{together} ({each.study})", *([each.reason] if each.reason else [])]
    if each.rows:
        head = ("", "slot", "run", "seed", metric_name, "device", "")
        body = [(r.arm, r.slot, r.run, r.seed, metric(r.value), r.device or "–", r.note) for r in each.rows]
        parts.append(table(head, body))
    n = each.numbers
    if n.get("gain") is not None:
        e = f", e {n['e']:.4g}" if n.get("e") is not None else ""
        parts.append(
            f"Gain {gain(n['gain'])} ± {n['se']:.4f} over {n['runs']} and {n['base_runs']} runs; σ there {n['sigma']:.4f} "
            f"({n['df']:.0f} degrees of freedom); z {n['z']:.2f}{e}, {n['needed']:g} needed."
        )
    return "\n\n".join(parts)
