"""Disk: which files may go, and when nothing may start. Only files that runs and snapshots of this lab made."""

import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from org.lab.lab import Lab
from org.model.experiment import OPEN, State
from org.model.run import OUTSTANDING, Run
from org.store import events, experiments, meta, runs
from org.store.tables import POOLS, RUNS, SLOTS
from org.workspace import snapshots

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Removal:
    """Something that may go, and why."""

    path: Path
    bytes: int
    why: str


def step(lab: Lab, now: datetime) -> None:
    """Record when free space falls below limits.min_free_gb, and when it is back."""
    free = shutil.disk_usage(lab.layout.comms).free / GIB
    low = free < lab.config.limits.min_free_gb
    message = f"only {free:.1f} GB are free ({lab.config.limits.min_free_gb:g} are wanted): no run starts; `org gc` frees some"
    with_message = meta.get(lab.ledger.reader, "disk_low")
    if low == (with_message is not None):
        return
    with lab.ledger.transaction() as tx:
        meta.put(tx, "disk_low", message if low else None)
        events.append(tx, "disk.low" if low else "disk.fine", lab.config.lab, at=now, free_gb=round(free, 2))


def forget_checkpoint(lab: Lab, run: Run) -> None:
    """A run's checkpoint goes once its result is recorded, unless it speaks for a pool."""
    if SLOTS.count(lab.ledger.reader, "WHERE run = ?", run.id):
        return
    for path in _checkpoints(lab.layout.run(run.id)):
        path.unlink(missing_ok=True)


def removable(lab: Lab) -> list[Removal]:
    """Checkpoints and snapshots that nothing current needs."""
    con = lab.ledger.reader
    found = []
    speaking = {slot.run for slot in SLOTS.select(con)}
    for run in RUNS.select(con):
        if run.state not in OUTSTANDING and run.id not in speaking:
            paths = _checkpoints(lab.layout.run(run.id))
            found += [Removal(p, p.stat().st_size, f"{run.id} is recorded") for p in paths]
    needed = _needed_trees(lab, con)
    if lab.layout.snapshots.exists():
        for path in sorted(lab.layout.snapshots.iterdir()):
            if path.is_dir() and not path.name.endswith(".partial") and path.name not in needed:
                found.append(Removal(path, _size(path), "no open experiment runs it"))
    return found


def collect(lab: Lab, now: datetime) -> list[Removal]:
    """Remove what is removable. Returns what went."""
    gone = [item for item in removable(lab) if remove(lab, item)]
    with lab.ledger.transaction() as tx:
        events.append(tx, "disk.collected", lab.config.lab, at=now, files=len(gone), bytes=sum(g.bytes for g in gone))
    return gone


def remove(lab: Lab, item: Removal) -> bool:
    """Remove one; False when it is needed since it was found. In a write of the ledger: a run is queued in one before its
    snapshot is looked for, so it is either seen here, or lays its snapshot out again."""
    with lab.ledger.transaction() as tx:
        if item.path.is_dir():
            if item.path.name in _needed_trees(lab, tx):
                return False
            snapshots.remove(item.path)
            return True
        if SLOTS.count(tx, "WHERE run = ?", item.path.parent.name):
            return False
        item.path.unlink(missing_ok=True)
        return True


def _needed_trees(lab: Lab, con: sqlite3.Connection) -> set[str]:
    open_ones = experiments.in_state(con, *OPEN, State.PARKED)
    outstanding = runs.in_state(con, *OUTSTANDING)
    newest = POOLS.select(con, "ORDER BY id DESC LIMIT 8")
    root = meta.get(con, "root_commit")
    return (
        {e.base_tree for e in open_ones} | {e.run_tree for e in open_ones} | {r.tree for r in outstanding}
        | {p.tree for p in newest} | ({snapshots.tree_of(lab.git, root)} if root else set())
    )  # fmt: skip


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint*") if path.is_file()]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
