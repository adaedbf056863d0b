"""Studies of today's code whose runs would be of two tasks: ended when their pool is no longer current. Others see to theirs
themselves (curves, stacks, ablations, sentinels)."""

from datetime import datetime

from org.lab import pools
from org.lab.lab import Lab
from org.lab.studies import engine
from org.model.study import Kind
from org.runs import executor
from org.store import studies
from org.store.tables import POOLS

CHANGED = "the task, its environment or the devices changed before all its runs were made; they would not be comparable"


def drop(lab: Lab, now: datetime) -> list[str]:
    """End certificates and studies of the noise between whose runs something changed. Returns their ids. They may be asked
    for again; those that were asked for before such studies had a pool go on."""
    con, dropped = lab.ledger.reader, []
    for study in studies.open_(con, Kind.CERTIFICATE, Kind.NOISE):
        pool = study.plan.get("pool")
        if pool is None or pools.is_current(lab, con, POOLS.get(con, pool)):
            continue
        with lab.ledger.transaction() as tx:
            running = engine.cancel(tx, study, CHANGED, now)
        for run in running:
            executor.cancel(lab.layout.run(run))
        dropped.append(study.id)
    return dropped
