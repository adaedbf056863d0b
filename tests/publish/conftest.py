"""Labs with something to publish: one whose keepers are played, one whose runs are real, ledgers of many experiments."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import Laboratory, make

sys.path.append(str(Path(__file__).parents[1] / "lab"))  # played keepers

from played import Played

from org.cli import main
from org.lab.studies import certificate, engine
from org.model.experiment import Experiment, State
from org.model.run import Event
from org.model.study import Study
from org.store import runs, studies


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab (or of the lab in a comms folder)."""

    def speak(lab: Laboratory | Path, *words: str) -> Result:
        comms = lab if isinstance(lab, Path) else lab.lab.layout.comms
        monkeypatch.setenv("ORG_LAB", str(comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "120", "LINES": "40"})

    return speak


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
