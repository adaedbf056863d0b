"""The screen's part of `org explain`: the run, the pool as it was then, each step of the arithmetic, and how far the screen
is trusted today."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from org.comms.figures import table
from org.lab.lab import Lab
from org.lab.screen import screens
from org.model.experiment import Experiment
from org.model.run import Purpose, Run
from org.science.screen import Standing
from org.store import reads
from org.store.tables import RUNS


@dataclass(frozen=True, slots=True)
class Part:
    """One screen. detail: as it was judged (experiments.screen), {} before. base: the pool's runs then, today's before.
    today: how far the screen is trusted now."""

    detail: dict[str, Any]
    candidate: tuple[Run, ...]
    base: tuple[Run, ...]
    today: Standing


def of(lab: Lab, con: sqlite3.Connection, e: Experiment) -> Part | None:
    """None for an experiment that was never screened."""
    mine = reads.candidate_runs(con, e.id, Purpose.SCREEN)
    if not mine or e.screen_pool is None:
        return None
    told = e.screen.get("base")
    base = [RUNS.get(con, id) for id in told] if told else reads.pool_runs(con, e.screen_pool)
    return Part(e.screen, tuple(mine), tuple(base), screens.standing(lab, con))


def text(part: Part, lower_is_better: bool) -> list[str]:
    """Its sections."""
    rows = [("base", *_run(run)) for run in part.base] + [("candidate", *_run(run)) for run in part.candidate]
    runs = "## The screen\n\n" + table(("", "run", "seed", "device", "value", ""), rows)
    trust = f"Today: {part.today.reason}. Nothing of a screen enters the race's evidence."
    if not part.detail:
        return [f"{runs}\n\nNot judged yet. {trust}"]
    steps = table(("", "how", "value"), _steps(part, lower_is_better))
    d = part.detail
    return [f"{runs}\n\n{steps}\n\n{str(d['outcome']).capitalize()}: {d['reason']}. Then: {d['standing']}. {trust}"]


def _run(run: Run) -> Sequence[object]:
    value = "–" if run.metric is None else f"{run.metric:.7g}"
    return run.id, run.seed, run.device or "–", value, run.reason or run.budget


def _steps(part: Part, lower_is_better: bool) -> list[tuple[str, str, str]]:
    d = part.detail
    gain = "mean of the base − candidate" if lower_is_better else "candidate − mean of the base"
    eased = f" + margin {d['margin']:g}" if d["margin"] else ""
    return [
        ("D", gain + eased, f"{d['gain']:+.6g}"),
        ("σ", f"of its own pools, {d['df']:.3g} degrees of freedom", f"{d['sigma']:.6g}"),
        ("se", f"σ·√(1 + 1/{d['base_runs']})", f"{d['se']:.6g}"),
        ("z", "Φ⁻¹(T_df(D/se))", f"{d['z']:.4f}"),
        ("bar", "z that passes", f"{d['bar']:g}"),
        ("coin", "drawn from the lab's key; a failed screen under the share is run in full", f"{d['coin']:.4f}"),
    ]
