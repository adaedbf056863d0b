"""A sentinel by real keepers, on the one-second regression."""

from dataclasses import replace

import pytest
from laboratory import Laboratory

from org.lab.studies import sentinel
from org.model.study import State
from org.store.tables import RUNS, SLOTS


@pytest.mark.slow
def test_a_real_run_of_the_baseline_vouches_for_the_verdicts(fit: Laboratory) -> None:
    protocol = replace(fit.lab.protocol, drift=replace(fit.lab.protocol.drift, every_tries=1))
    fit.office.lab = fit.lab = replace(fit.lab, protocol=protocol)
    made = fit.recipe("junior-1", lr=0.01)
    fit.until(fit.settled(made.id), seconds=100)
    con = fit.lab.ledger.reader
    fit.until(lambda: any(s.state is State.DONE for s in sentinel.every(con)), seconds=100)
    found = sentinel.every(con)[0]
    assert not found.outcome["alarm"], found.reason
    assert SLOTS.count(con, "WHERE pool = ?", found.plan["pool"]) == 8
    assert RUNS.get(con, found.outcome["run"]).device is not None and found.outcome["device"]
