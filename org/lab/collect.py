"""Outcomes of keepers, taken once each; runs whose keeper died are lost and run again."""

import sqlite3
from datetime import datetime

from org.lab import announce, hygiene, pools, scratch
from org.lab.lab import Lab
from org.lab.merging import headline
from org.lab.verdicts import crashes
from org.model import gang
from org.model.errors import OrgError
from org.model.run import Event, Run, State
from org.runs import code, executor, spec, validity
from org.runs.devices import Device
from org.runs.spec import End, Outcome
from org.store import events, meta, reads, runs
from org.store.tables import RUNS
from org.workspace import seals, snapshots

ENDS = {
    End.SUCCEEDED: Event.SUCCEED,
    End.FAILED: Event.FAIL,
    End.TIMED_OUT: Event.TIME_OUT,
    End.CANCELLED: Event.CANCEL,
    End.INVALID: Event.INVALIDATE,
}


def step(lab: Lab, now: datetime) -> list[str]:
    """Collect every run that ended. Returns their ids."""
    ended = [run.id for run in reads.running(lab.ledger.reader) if _collect(lab, run, now)]
    headline.repeat(lab, now)
    scratch.settle(lab, now)
    return ended


def _collect(lab: Lab, run: Run, now: datetime) -> bool:
    folder = lab.layout.run(run.id)
    if executor.is_kept(folder):  # what stands there already was not written by its keeper, who ends with it
        return False
    try:
        outcome = spec.read_outcome(folder)
    except OrgError as error:  # not in the way of the other runs; what cannot be read was not measured
        _finish(lab, run, Event.LOSE, str(error), now, None)
        return True
    if outcome is None:
        executor.end_orphan(folder)
        _finish(lab, run, Event.LOSE, "its keeper died", now, None)
        return True
    _finish(lab, run, *_judged(lab, run, outcome), now, outcome)
    return True


def _judged(lab: Lab, run: Run, outcome: Outcome) -> tuple[Event, str]:
    """The run's end, after asking whether it measured what it claims."""
    event, reason = ENDS[outcome.end], outcome.reason
    if event is not Event.SUCCEED:
        return event, reason
    reference = next((r.record for r in reads.pool_runs(lab.ledger.reader, run.pool) if r.record), {}) if run.pool else {}
    known = {device.name: device for device in lab.devices}
    used = [known.get(name, Device(name, "")) for name in gang.members(run.device or "cpu:0")]
    given = code.expected(outcome.record, lab.layout.snapshot(run.tree))
    objection = validity.objection(outcome.record, reference, run.seed, run.budget, given)
    objection = _broken_seal(lab, run) or objection  # it says in plainer words what the digests say
    if objection is None:
        objection = validity.clock_objection(outcome.record, run.budget, outcome.train_seconds)
    if objection is None and used[0].kind == "cpu":
        objection = validity.cpu_objection(outcome.cpu_seconds, outcome.train_seconds, sum(d.threads for d in used))
    return (Event.INVALIDATE, objection) if objection else (event, reason)


def _broken_seal(lab: Lab, run: Run) -> str | None:
    """What was changed in the snapshot that the run executed; it is laid out anew for the next run."""
    snapshot = lab.layout.snapshot(run.tree)
    changed = seals.broken(snapshot)
    if not changed:
        return None
    if not any(other.tree == run.tree and other.id != run.id for other in reads.running(lab.ledger.reader)):
        snapshots.remove(snapshot)
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"its snapshot was changed on disk: {', '.join(changed[:3])}{more}"


def _finish(lab: Lab, run: Run, event: Event, reason: str, now: datetime, outcome: Outcome | None) -> None:
    changes: dict[str, object] = {"finished_at": now}
    if outcome is not None:
        changes |= {
            "metric": outcome.metric, "record": outcome.record,
            "result": outcome.result | {"self_reported": outcome.self_reported},
            "train_seconds": outcome.train_seconds, "total_seconds": outcome.total_seconds,
        }  # fmt: skip
    with lab.ledger.transaction() as tx:
        moved = runs.move(tx, run.id, event, now, reason, **changes)
        tx.execute("DELETE FROM leases WHERE holder = ?", (run.id,))
        if moved.purpose in pools.BASELINES:
            _baseline(lab, tx, moved, now)
    hygiene.forget_checkpoint(lab, moved)


def _baseline(lab: Lab, con: sqlite3.Connection, run: Run, now: datetime) -> None:
    """A baseline value speaks for its seed; one that fails again and again pauses the lab and tells the person."""
    if run.state is State.SUCCEEDED:
        pools.accept(con, run)
        return
    attempts = RUNS.select(
        con, "WHERE pool = ? AND purpose IN ('pool', 'screen_pool') AND slot = ? AND finished_at IS NOT NULL "
        "ORDER BY CAST(substr(id, 2) AS INTEGER)", run.pool, run.slot,
    )  # fmt: skip
    if crashes.baseline_is_broken(attempts) and meta.get(con, "paused") is None:
        reason = f"the baseline itself does not run: {run.reason}"
        meta.put(con, "paused", reason)
        events.append(con, "lab.paused", lab.config.lab, at=now, reason=reason)
        body = f"{reason}\n\nRun {run.id}; its log: `org tail {run.id}`. Mend the task, then `org resume`."
        announce.person(con, "The lab is paused: its baseline fails", body, now)
