"""Studies whose runs would be of two tasks: ended when a pool that they rest on is no longer current. Stacks see to theirs
themselves: they have more reasons to end."""

from datetime import datetime

from org.lab import announce, pools
from org.lab.lab import Lab
from org.lab.studies import engine
from org.model.message import OFFICE
from org.model.study import Kind
from org.runs import executor
from org.store import studies
from org.store.tables import POOLS

CHANGED = "the task, its environment or the devices changed before all its runs were made; they would not be comparable"
AGAIN = f"{CHANGED}; ask anew"
RESTS_ON = ("pool", "pool_before", "pool_after")  # where a study's plan names its pools


def drop(lab: Lab, now: datetime, *kinds: Kind, why: str = CHANGED) -> list[str]:
    """End open studies of these kinds between whose runs something changed, and tell who asked for one. Returns their ids.
    One whose plan names no pool, asked for before such plans did, goes on."""
    con, dropped = lab.ledger.reader, []
    for study in studies.open_(con, *kinds):
        known = [study.plan[key] for key in RESTS_ON if study.plan.get(key) is not None]
        if all(pools.is_current(lab, con, POOLS.get(con, pool)) for pool in known):
            continue
        with lab.ledger.transaction() as tx:
            running = engine.cancel(tx, study, why, now)
            if study.asked_by != OFFICE:
                subject = f"{study.id} was called off: {study.kind.value} of {study.subject}"
                announce.asked(lab, tx, study, subject, f"{why[0].upper()}{why[1:]}.", now)
        for run in running:
            executor.cancel(lab.layout.run(run))
        dropped.append(study.id)
    return dropped
