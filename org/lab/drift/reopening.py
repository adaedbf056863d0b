"""What was decided while the devices may have drifted, opened again: its race starts over, against a pool of its own time."""

import sqlite3
from datetime import datetime
from typing import Any

from org.lab import announce
from org.lab.drift.freezing import Freeze
from org.lab.lab import Lab
from org.model.experiment import Event, Experiment, State
from org.model.program import State as ProgramState
from org.store import experiments, rows
from org.store.tables import MERGES, PROGRAMS

# Decided by runs against a pool. What has had its certificate, or its rung, rests on runs of both arms at one time.
DOUBTED = (State.DISCARDED, State.PARKED, State.QUEUED, State.NOT_MERGED, State.MERGED)


def doubted(con: sqlite3.Connection, freeze: Freeze) -> list[Experiment]:
    """What was decided since the last good sentinel by runs against a pool, in programs that still take results. Declined
    by policy is not doubted, declined at its re-check is."""
    closed = {p.slug for p in PROGRAMS.select(con) if p.state is ProgramState.CLOSED}
    found = [e for e in experiments.in_state(con, *DOUBTED) if e.decided_at is not None and e.program not in closed]
    found = [e for e in found if str(rows.encode(e.decided_at)) > freeze.since]
    found = [e for e in found if e.state is not State.NOT_MERGED or e.merge_tree is not None]
    return [e for e in found if not MERGES.count(con, "WHERE experiment = ? AND state = 'intent'", e.id)]


def reopen(lab: Lab, con: sqlite3.Connection, e: Experiment, freeze: Freeze, now: datetime) -> str:
    """As again, because of an alarm."""
    reason = f"opened again: it was decided while the devices may have drifted ({freeze.study}: {freeze.reason})"
    return again(lab, con, e, reason, now)


def again(lab: Lab, con: sqlite3.Connection, e: Experiment, reason: str, now: datetime) -> str:
    """Nothing of its first decision counts any more; a label of what is in the head stays."""
    forgotten: dict[str, Any] = {"decision": {}, "gain": None, "extra_runs": 0, "merge_tree": None, "merge_onto": None}
    if e.merged_commit is None:
        forgotten |= {"label": "", "label_detail": {}}
    moved = experiments.move(con, e.id, Event.REOPEN, now, reason=reason, decided_at=None, **forgotten)
    announce.verdict(lab, con, moved, now)
    return e.id
