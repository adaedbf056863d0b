"""Labs with something to publish: one whose keepers are played, one whose runs are real, ledgers of many experiments."""

from datetime import UTC, datetime

import pytest
from laboratory import Laboratory
from played import Played

from org.lab.studies import certificate, engine
from org.model.experiment import Experiment, State
from org.model.run import Event
from org.model.study import Study
from org.store import runs, studies


@pytest.fixture
def terminal() -> dict[str, str]:
    return {"COLUMNS": "120", "LINES": "40"}


@pytest.fixture
def merged(played: Played) -> Experiment:
    """E1 is merged, and no more."""
    made = played.change("junior-1", 0.1, lr=0.3)
    played.until(played.settled(made.id))
    return played.experiment(made.id)


@pytest.fixture
def certified(played: Played, merged: Experiment) -> Experiment:
    """E1 is merged and certified by four fresh runs of each head."""
    study = ask(played, merged.id)
    engine.step(played.lab, played.now())
    for number, run in enumerate(studies.outstanding_of(played.lab.ledger.reader, study.id)):
        metric = 1.0 + number * 1e-4 - (0.2 if run.tree == study.plan["new"] else 0.0)
        record = {"flops": 2e9, "tokens": 1e6, "epochs": 4.0, "steps": 100, "versions": {"numpy": "2.0"}}
        with played.lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, played.now(), device="cpu:0", started_at=played.now())
            runs.move(tx, run.id, Event.SUCCEED, played.now(), metric=metric, record=record, total_seconds=36.0,
                      finished_at=played.now())  # fmt: skip
    engine.step(played.lab, played.now())
    found = played.experiment(merged.id)
    assert found.state is State.CERTIFIED, found.reason
    return found


def ask(lab: Laboratory, id: str) -> Study:
    with lab.lab.ledger.transaction() as tx:
        return certificate.ask(lab.lab, tx, id, "human", datetime.now(UTC))
