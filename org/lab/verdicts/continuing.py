"""A parked race goes on: so many more runs, because somebody asked. Evidence counts on as it is; no bar ends it before them."""

import json
import sqlite3
from datetime import datetime

from org.lab import settings
from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.experiment import Event, Experiment, State
from org.model.program import State as ProgramState
from org.science import simplify
from org.science.protocol import Protocol
from org.store import events, experiments
from org.store.tables import EXPERIMENTS, PROGRAMS


def begin(lab: Lab, id: str, more: int, actor: str, now: datetime) -> str:
    """Race a parked experiment on for up to `more` runs. Refused unless it is parked and its program takes results."""
    with lab.ledger.transaction() as tx:
        e = EXPERIMENTS.get(tx, id)
        if more < 1:
            raise Refused(f"{more} runs: want at least 1")
        if e.state is not State.PARKED:
            raise Refused(f"{id} is {e.state.value}: only a parked experiment can be continued")
        if PROGRAMS.get(tx, e.program).state is ProgramState.CLOSED:
            raise Refused(f"{id} belongs to {e.program}, which is closed")
        experiments.move(tx, id, Event.RACE, now, actor, extra_runs=e.extra_runs + more)
        events.append(tx, "experiment.continued", id, actor, now, runs=more)
    return f"{id} races on for up to {more} more runs"


def protocol(lab: Lab, con: sqlite3.Connection, experiment: Experiment) -> Protocol:
    """The protocol of an experiment's race: this rung's pool, and the runs granted beyond its first parking."""
    usual = settings.race_protocol(lab)
    if not experiment.extra_runs:
        return usual
    return simplify.continued(usual, _parked_at(lab, con, experiment), experiment.extra_runs)


def _parked_at(lab: Lab, con: sqlite3.Connection, experiment: Experiment) -> int:
    """Candidate runs of its first race, against today's pool, that ended without an answer."""
    found = con.execute(
        "SELECT decision FROM verdicts WHERE experiment = ? AND kind = 'race' AND verdict = 'discard' "
        "AND looks / 100000 IN (0, ?) ORDER BY id LIMIT 1",  # 0: of a ledger that did not write the pool down (judge._record)
        (experiment.id, experiment.pool),
    ).fetchone()
    return lab.protocol.max_runs if found is None else int(json.loads(found["decision"])["candidate_runs"])
