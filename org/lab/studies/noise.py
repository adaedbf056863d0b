"""Where the run-to-run noise comes from: one tree over crossed data orders, initializations and devices of one model.

A task whose command does not hold {data_seed} draws both from one seed: then only seed and device are told apart.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.lab import pools, seeds
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.studies.kind import Finding, Wanted
from org.model.errors import Refused
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import noise
from org.science.noise import Cell, Split
from org.store import studies
from org.store.tables import PROGRAMS

RANK = 9.0  # after everything that a verdict waits for
PLACEHOLDER = "{data_seed}"
ORDERS = 1000  # data orders have seeds of their own, from this number on
REPEATS = 2  # of a seed, where there is one device and one seed: else nothing is left to compare with

JOINT = f"The task's command holds no {PLACEHOLDER}: data order and initialization share one seed."


@dataclass(frozen=True, slots=True)
class NoiseStudy:
    """All runs at once: none depends on another. They are of one pool, and dropped when that is no longer today's."""

    kind: Kind = Kind.NOISE
    rank: float = RANK
    backfill: bool = False

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """Every cell of the design, once."""
        if values or studies.runs_of(con, study.id):
            return []
        cells = _cells(study)
        tree, pool = study.plan["tree"], study.plan.get("pool")
        return [Wanted(tree, seeds.noise_seed(con, study.id, cell.init), n, pool=pool) for n, cell in enumerate(cells)]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """The split, by the devices that the runs really had."""
        planned, devices = _cells(study), study.plan["devices"]
        by_number = {run.slot: run for run in values}
        cells, metrics = [], []
        for number, cell in enumerate(planned):
            run = by_number[number]
            at = devices.index(run.device) if run.device in devices else cell.device
            cells.append(dataclasses.replace(cell, device=at, init=cell.init if study.plan["apart"] else 0))
            metrics.append(lab.sign * (run.metric or 0.0))
        try:
            found = noise.split(cells, metrics, lab.protocol)
        except Refused as error:
            return Finding(str(error), {}, failed=True)
        split = _named(found, study.plan["apart"])
        return Finding(_sentence(split), {"split": dataclasses.asdict(split), "runs": [r.id for r in by_number.values()]})


def ask(lab: Lab, con: sqlite3.Connection, slug: str | None, actor: str, now: datetime) -> Study:
    """Ask for the study of a program's head (default: of the first program that has one)."""
    having = [p for p in PROGRAMS.select(con, "ORDER BY opened_at") if p.head_commit and slug in (None, p.slug)]
    if not having:
        raise Refused(f"{slug or 'no program'} has no head yet: there is no code whose noise could be split")
    model = lab.devices[0].model
    names = [d.name for d in lab.devices if d.model == model]
    apart = PLACEHOLDER in lab.config.task.command
    cells = [[c.data_order, c.init, c.device] for c in _design(lab, len(names), apart)]
    tree = heads.tree(lab, having[0])
    pool = pools.of_tree(lab, con, tree, now).id
    return studies.ask(
        con, Kind.NOISE, having[0].slug, actor, now, tree=tree, devices=names, model=model, apart=apart, cells=cells, pool=pool
    )  # fmt: skip


def newest(con: sqlite3.Connection) -> Study | None:
    """The last one that found something."""
    return next(iter(studies.done(con, Kind.NOISE)[::-1]), None)


def setting(con: sqlite3.Connection, study: Study, run: Run) -> tuple[int, str]:
    """A run's data seed and the device that it must have."""
    cell = _cells(study)[run.slot]
    order = seeds.noise_seed(con, study.id, ORDERS + cell.data_order) if study.plan["apart"] else run.seed
    return order, study.plan["devices"][cell.device]


def _design(lab: Lab, devices: int, apart: bool) -> list[Cell]:
    if apart:
        return list(noise.design(devices, lab.protocol))
    least = lab.protocol.noise.min_levels + 1
    repeats = REPEATS if devices == 1 else 1
    return [Cell(seed, seed, device) for device in range(devices) for seed in range(least) for _ in range(repeats)]


def _cells(study: Study) -> list[Cell]:
    """Without a seed of its own the data order goes with the initialization."""
    return [Cell(*(int(part) for part in cell)) for cell in study.plan["cells"]]


def _named(found: Split, apart: bool) -> Split:
    if apart:
        return found
    named = [dataclasses.replace(c, name="seed" if c.name == "data order" else c.name) for c in found.components]
    return dataclasses.replace(found, components=tuple(named))


def _sentence(split: Split) -> str:
    parts = ", ".join(f"{c.name} {c.sd:.2g} ({c.share:.0%})" for c in split.components)
    return f"σ {split.total:.2g} over {split.runs} runs: {parts}"


def page(study: Study) -> str:
    """What `org noise` says of a settled study."""
    found: dict[str, Any] = study.outcome["split"]
    width = f"{found['coverage']:.0%} interval"
    head = f"{study.id}: {study.reason}\nhead of {study.subject}, {len(study.plan['devices'])} × {study.plan['model']}"
    lines = [f"{'source':12}  {'σ':>9}  {width:>24}  {'df':>3}  share of the variance"]
    for c in found["components"]:
        span = f"{c['low']:.3g} to {c['high']:.3g}"
        lines.append(f"{c['name']:12}  {c['sd']:9.3g}  {span:>24}  {c['df']:>3}  {c['share']:.0%}")
    joint = "" if study.plan["apart"] else f"\n{JOINT}"
    return f"{head}\n" + "\n".join(lines) + joint
