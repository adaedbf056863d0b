"""`org findings` where the ladder has more than one rung: certified alone, or confirmed alone, is no finding."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from climbing import Climbing

from org.lab.studies import certificate, engine
from org.lab.verdicts import noise
from org.model.experiment import Experiment, State
from org.model.run import Event
from org.store import experiments, reads, runs, studies
from org.store.tables import PROGRAMS

pytestmark = pytest.mark.slow

Say = Callable[..., Result]


def certify(lab: Climbing, e: Experiment, gain: float = 0.2) -> None:
    """Fresh runs that show that gain."""
    with lab.lab.ledger.transaction() as tx:
        study = certificate.ask(lab.lab, tx, e.id, "human", lab.now())
    engine.step(lab.lab, lab.now())
    for run in studies.outstanding_of(lab.lab.ledger.reader, study.id):
        metric = 1.0 - (gain if run.tree == study.plan["new"] else 0.0)
        with lab.lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, lab.now(), device="cpu:0", started_at=lab.now())
            runs.move(tx, run.id, Event.SUCCEED, lab.now(), metric=metric, finished_at=lab.now())
    engine.step(lab.lab, lab.now())


def test_a_finding_is_certified_and_confirmed(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    certify(lab, e)
    assert lab.experiment(e.id).state is State.CERTIFIED
    told = say(lab, "findings").output
    assert "nothing of this kind yet; certified: 1 of 1 merge; confirmed at a larger scale: 0" in told
    assert f"nothing yet: `org promote {e.id}` tests it at a larger scale" in say(lab, "findings", "--all").output
    say(lab, "promote", e.id)
    lab.play()
    assert lab.experiment(e.id).state is State.CERTIFIED, "it keeps its certificate"
    told = say(lab, "findings").output
    assert e.id in told and "held at rung 1" in told and "better by" in told


def test_confirmed_first_and_certified_then_is_a_finding_too(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id)
    lab.play()
    told = json.loads(say(lab, "findings", "--json").output)
    assert told["found"] == [] and (told["certified"], told["confirmed"], told["merges"]) == (0, 1, 1)
    certify(lab, e)
    assert [line["experiment"] for line in json.loads(say(lab, "findings", "--json").output)["found"]] == [e.id]


def test_a_certified_change_that_fails_higher_up_is_claimed_no_longer(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    certify(lab, e)
    lab.there[1, e.run_tree] = -0.05
    say(lab, "promote", e.id)
    lab.play()
    assert lab.experiment(e.id).state is State.FAILED_TRANSFER
    assert "nothing beyond its own scale" in say(lab, "findings", "--failed-transfer").output


def test_a_change_that_was_taken_out_meanwhile_keeps_its_state(lab: Climbing, say: Say) -> None:
    from org.model.experiment import Event as Move

    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id)
    with lab.lab.ledger.transaction() as tx:
        experiments.move(tx, e.id, Move.REVERT, lab.now(), reason="a person said so")
    study = lab.play()[0]
    assert study.outcome["held"] and lab.experiment(e.id).state is State.REVERTED


def test_the_table_has_every_rung_and_the_correlation(lab: Climbing, say: Say) -> None:
    for gain in (0.06, 0.14, 0.24):
        e = lab.merged(gain, lr=gain)
        say(lab, "promote", e.id, "--rung", "2", "--yes")
        lab.play()
    told = say(lab, "findings", "--transfer").output
    assert "rung 0 (100step)  rung 1 (300step)  rung 2 (900step)" in told
    assert "3 of 15 pairs with the target, rank correlation 1.00 so far" in told
    rows = json.loads(say(lab, "findings", "--transfer", "--json").output)["rows"]
    assert [row["rungs"][0]["rung"] for row in rows] == [2, 2, 2] and all(row["small"] > 0 for row in rows)


def test_the_noise_of_a_head_is_that_of_the_first_rung(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    con = lab.lab.ledger.reader
    before = noise.of_program(lab.lab, con, PROGRAMS.get(con, "free")), reads.all_pool_values(con)
    lab.there[1, e.run_tree] = 50.0
    say(lab, "promote", e.id)
    lab.play()
    after = noise.of_program(lab.lab, con, PROGRAMS.get(con, "free")), reads.all_pool_values(con)
    assert after[0].mean == before[0].mean and after[0].runs == before[0].runs and after[1] == before[1]
