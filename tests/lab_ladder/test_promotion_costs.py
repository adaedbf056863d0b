"""What a promotion may cost, who says yes to that, and what it is told to buy."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from climbing import Climbing

from org.model.experiment import State
from org.model.message import HUMAN
from org.model.request import State as Answer
from org.model.study import State as StudyState
from org.store import mail, studies

Say = Callable[..., Result]


@pytest.fixture
def configure() -> Callable[[str], str]:
    return lambda text: text.replace("promote: human", "promote: human, promote_cost: 0.5") + "device_dollars_per_hour: 2.0\n"


def test_a_dry_run_tells_hours_dollars_and_the_evidence_and_asks_for_nothing(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    told = say(lab, "promote", e.id, "--dry-run").output
    assert f"{e.id} to rung 1 (300step)" in told and "reaches 2.5: may go" in told
    assert "4 of the base, 1 of the change as expected, 1 at most; 1 device each" in told
    assert "288 s (assumed: 8 times a run of the first rung, as is usual)" in told
    assert "about 0.4 device-hours ($0.80), at most 0.4 ($0.80)" in told
    assert "σ 0.0" in told and "would be seen there with" in told and "four times in five" in told
    assert f"next: `org promote {e.id}`" in told and lab.promotions() == []
    priced = json.loads(say(lab, "promote", e.id, "--dry-run", "--json").output)[0]
    assert priced["forecast"]["most_device_hours"] == pytest.approx(5 * 288 / 3600) and priced["needs_yes"] is False


def test_what_was_measured_there_replaces_what_was_assumed(lab: Climbing, say: Say) -> None:
    first = lab.merged(0.06, lr=0.3)
    say(lab, "promote", first.id)
    lab.play()
    second = lab.merged(0.13, lr=0.4)
    told = say(lab, "promote", second.id, "--dry-run").output
    assert "90 s (measured over 5 runs there)" in told and "3 of the base, 1 of the change" in told
    assert "pools there (3 degrees of freedom)" in told


def test_a_cost_above_the_limit_needs_a_persons_yes(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    said = str(say(lab, "promote", e.id, "--rung", "2").exception)
    assert "over protocol.promote_cost (0.5)" in said and f"`org promote {e.id} --rung 2 --yes`" in said
    assert lab.promotions() == []
    assert say(lab, "promote", e.id, "--rung", "2", "--yes").exit_code == 0
    assert lab.promotions()[0].plan["agreed"] == HUMAN


def test_an_agents_promotion_waits_for_the_person_who_is_asked_once(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    assert "waits for a person's yes" in say(lab, "promote", e.id, "--rung", "2", agent="junior-1").output
    lab.ticks(3)
    con = lab.lab.ledger.reader
    assert studies.runs_of(con, "S1") == []
    (letter,) = [m for m in mail.of_reader(con, HUMAN) if m.subject.startswith(f"May {e.id} go to rung 2 (900step)?")]
    assert "`org approve S1` runs it" in letter.body and "device-hours" in letter.subject and "would be seen" in letter.body
    assert f"promotion S1: {e.id} waits for your yes" in say(lab, "status").output
    assert lab.ask("approve", "junior-1", experiment="S1").state is Answer.REFUSED
    assert lab.ask("approve", HUMAN, experiment="S1").state is Answer.DONE
    assert lab.play()[0].outcome["held"] and lab.experiment(e.id).state is State.CONFIRMED
    assert [m for m in mail.of_reader(con, HUMAN) if m.subject.startswith(f"{e.id} confirmed")]


def test_a_person_may_say_no(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id, "--rung", "2", agent="junior-1")
    assert lab.ask("refuse", HUMAN, experiment="S1", reason="too dear").state is Answer.DONE
    assert lab.promotions()[0].state is StudyState.CANCELLED and "too dear" in lab.promotions()[0].reason
    assert lab.experiment(e.id).state is State.MERGED


def test_an_agent_cannot_say_yes_for_a_person(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    said = say(lab, "promote", e.id, "--rung", "2", "--yes", agent="junior-1")
    assert "only a person may say --yes" in str(said.exception) and lab.promotions() == []


def test_too_few_devices_are_said_and_not_waited_for(lab: Climbing, say: Say) -> None:
    from dataclasses import replace

    e = lab.merged(0.06, lr=0.3)
    task = lab.lab.config.task
    rung = task.ladder[1].model_copy(update={"devices": 8})
    told = lab.lab.config.model_copy(update={"task": task.model_copy(update={"ladder": (task.ladder[0], rung, task.ladder[2])})})
    from org.lab.rungs import offers as promote_offers
    from org.model.errors import Refused

    bigger = replace(lab.lab, config=told)
    with pytest.raises(Refused, match="needs 8 devices of one model at once; this lab has cpu:0-1"):
        promote_offers.offer(bigger, lab.lab.ledger.reader, e.id)
