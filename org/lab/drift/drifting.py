"""What the lab does about drift: when a sentinel is due, and what follows its alarm.

After an alarm every pool is of yesterday (pools.py keys them by the number of alarms), so races start over against runs of
their own time. The pool that gave the alarm is measured anew; then what was decided since the last good sentinel is opened
again, and the freeze ends. Each step follows from the ledger: a kill at any point repeats it and doubles nothing.
"""

import hashlib
import sqlite3
from datetime import datetime

from org.comms.figures import plural
from org.lab import announce, pools, settings
from org.lab.drift import freezing, reopening
from org.lab.drift.freezing import Freeze
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.studies import outdated, sentinel
from org.model.errors import Refused
from org.model.experiment import VERDICTS
from org.model.pool import Pool
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.study import Kind
from org.science import drift
from org.store import events, meta, programs, reads, rows, studies
from org.store.tables import EVENTS, EXPERIMENTS, POOLS

MERGES = "merges"  # what `org resume` takes to lift a freeze
OUTDATED = "its pool is no longer current"


def step(lab: Lab, now: datetime) -> list[str]:
    """Ask for a sentinel when one is due; after an alarm measure the pool anew, then open again what is doubted. Returns
    the experiments that were opened again."""
    con = lab.ledger.reader
    outdated.drop(lab, now, Kind.SENTINEL, why=OUTDATED)
    freeze = freezing.now(con)
    if freeze is not None:
        return _measure_anew(lab, freeze, now)
    if not studies.open_(con, Kind.SENTINEL) and (program := stands_for(con)) is not None and _is_due(lab, con, now):
        _ask(lab, program, now)
    return []


def lift(lab: Lab, actor: str, reason: str, now: datetime) -> str:
    """A person ends the freeze, with a reason; nothing is opened again. Refused when nothing is frozen."""
    with lab.ledger.transaction() as tx:
        freeze = freezing.now(tx)
        if freeze is None:
            raise Refused("merges are not frozen")
        if not reason.strip():
            raise Refused('lifting a freeze needs a reason: `org resume merges --reason "…"`')
        freezing.lift(tx, freeze, reason, now, actor)
    return "merges go on; what was decided since the last good sentinel stands as it is"


def stands_for(con: sqlite3.Connection) -> Program | None:
    """Whose head stands for the devices: the one with the newest verdict of the open programs, else the first."""
    open_ = [p for p in programs.in_state(con, ProgramState.OPEN) if p.head_commit and p.root_commit]
    newest = EXPERIMENTS.select(con, "WHERE decided_at IS NOT NULL ORDER BY decided_at DESC LIMIT 1")
    return next((p for p in open_ if newest and p.slug == newest[0].program), open_[0] if open_ else None)


def _is_due(lab: Lab, con: sqlite3.Connection, now: datetime) -> bool:
    told = EVENTS.select(con, "WHERE kind = 'drift.environment' ORDER BY id DESC LIMIT 1")
    if not told:  # the first environment is no change
        _note_environment(lab, now)
    changed = bool(told) and told[0].detail["digest"] != _environment(con)
    return drift.is_due(tries_since(con), changed, lab.protocol)


def tries_since(con: sqlite3.Connection) -> int:
    """Verdicts since the last sentinel was asked for, or ever."""
    before = sentinel.every(con)
    since = str(rows.encode(before[-1].asked_at)) if before else ""
    marks = ", ".join("?" * len(VERDICTS))
    return EXPERIMENTS.count(con, f"WHERE decided_at > ? AND state IN ({marks})", since, *(s.value for s in VERDICTS))


def _environment(con: sqlite3.Connection) -> str:
    """Evaluator, corpus, libraries, and the devices with their models."""
    told = f"{meta.get(con, 'environment')} {meta.get(con, 'device_models')}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _note_environment(lab: Lab, now: datetime) -> None:
    with lab.ledger.transaction() as tx:
        events.append(tx, "drift.environment", lab.config.lab, at=now, digest=_environment(tx))


def _ask(lab: Lab, program: Program, now: datetime) -> None:
    """First the pool is filled: what it says of the noise is what the sentinel is held against."""
    head = heads.tree(lab, program)
    with lab.ledger.transaction() as tx:
        pool = _reference(lab, tx) or pools.of_tree(lab, tx, head, now)
        if not _is_full(lab, tx, pool, now):
            return
        environment = _environment(tx)
        sentinel.ask(tx, pool, head, environment, now)
        told = EVENTS.select(tx, "WHERE kind = 'drift.environment' ORDER BY id DESC LIMIT 1")
        if told and told[0].detail["digest"] != environment:
            events.append(tx, "drift.environment", lab.config.lab, at=now, digest=environment)


def _reference(lab: Lab, con: sqlite3.Connection) -> Pool | None:
    """The oldest pool of races in today's environment. A newer head's would not do: what a drift let through is in the head
    by then, and its pool was measured after the drift."""
    at = settings.of_race(lab)
    known = POOLS.select(con, "WHERE rung = ? AND budget = ? ORDER BY id", at.rung, at.budget)
    return next((p for p in known if pools.is_current(lab, con, p) and reads.pool_runs(con, p.id)), None)


def _is_full(lab: Lab, con: sqlite3.Connection, pool: Pool, now: datetime) -> bool:
    """Whether every seed has a value; asks for those that have none and are not being run. Nobody pays for them alone."""
    missing = sum(value is None for value in pools.values(lab, con, pool.id))
    if missing:
        pools.queue_runs(lab, con, pool, missing, now, None)
    return not missing


def _measure_anew(lab: Lab, freeze: Freeze, now: datetime) -> list[str]:
    with lab.ledger.transaction() as tx:
        pool = pools.of_tree(lab, tx, freeze.tree, now)
        if not _is_full(lab, tx, pool, now):
            return []
        opened = [reopening.reopen(lab, tx, e, freeze, now) for e in reopening.doubted(tx, freeze)]
        freezing.lift(tx, freeze, f"pool-{pool.id} is measured anew; {plural(len(opened), 'experiment')} opened again", now)
        body = f"pool-{pool.id} was measured anew. Opened again, to be raced against it: {', '.join(opened) or 'none'}."
        announce.person(tx, "Merges go on after the drift", body, now, id=f"drift-{freeze.study}-over")
    return opened


def ask_early(lab: Lab, now: datetime) -> None:
    """A sentinel before it is due, on a device that would idle."""
    program = stands_for(lab.ledger.reader)
    if program is not None and freezing.now(lab.ledger.reader) is None and not studies.open_(lab.ledger.reader, Kind.SENTINEL):
        _ask(lab, program, now)
