"""A sentinel before it is due: an alarm now opens fewer verdicts again than one later. (A due one comes by itself, before
the races.)"""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import pools, settings
from org.lab.devices import value
from org.lab.devices.offers.baselines import head_tree
from org.lab.devices.value import Offer
from org.lab.drift import drifting, freezing
from org.lab.lab import Lab
from org.model.study import Kind
from org.store import studies


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """One of the head that stands for the devices, once there are verdicts that it would vouch for."""
    tries, every = drifting.tries_since(con), lab.protocol.drift.every_tries
    program, at = drifting.stands_for(con), settings.of_race(lab)
    if not tries or program is None or freezing.now(con) is not None or studies.open_(con, Kind.SENTINEL):
        return
    tree = head_tree(lab, program)
    pool = pools.find(lab, con, tree, at) if tree is not None else None
    if pool is None or any(v is None for v in pools.values(lab, con, pool.id)):
        return
    seconds = value.run_seconds(lab, at.budget, at.gang)
    why = f"{tries} verdicts rest on it; it is due after {every}, and an alarm now opens fewer of them again"
    worth = value.BOUGHT * min(tries / every, 1.0)
    yield Offer("sentinel", f"pool-{pool.id}", worth * seconds, seconds, why, lambda at: drifting.ask_early(lab, at), seconds)
