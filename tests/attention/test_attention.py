"""What a person is called for: each occurrence once, over restarts too."""

from dataclasses import replace
from datetime import timedelta

import many
import pytest

from org.lab import attention
from org.lab.lab import Lab
from org.model.agent import State as AgentState
from org.model.experiment import Event as Move
from org.model.idle import Cause
from org.model.message import HUMAN, OFFICE, Kind
from org.model.study import Kind as StudyKind
from org.model.study import State as StudyState
from org.model.study import Study
from org.store import agents, events, experiments, idle, mail
from org.store.tables import STUDIES

LATER = many.NOW + timedelta(minutes=1)
AT_DEPTH_12 = {"experiments": ["E1"], "rung": 1, "depth": 12, "bundle": False}
HELD = Study("S900", StudyKind.RUNG, "E1", StudyState.DONE, "office", LATER, plan=AT_DEPTH_12, outcome={"held": True})


def called(lab: Lab, minutes: float = 1.0) -> list[tuple[str, str]]:
    return [(call.on, call.words) for call in attention.step(lab, many.NOW + timedelta(minutes=minutes))]


def happen(lab: Lab, what: str) -> str:
    """Let it happen; returns what a person is told."""
    with lab.ledger.transaction() as tx:
        match what:
            case "question":
                mail.ask(tx, "chief", "May I close it?\nReally.", LATER, None, None)
                return "chief asks: May I close it?"
            case "stuck":
                subject = "junior-1 waits for you: login"
                mail.post(tx, OFFICE, HUMAN, Kind.NOTE, subject, "…", LATER, id="stuck-junior-1-20260314T0927")
                return subject
            case "budget":
                subject = "limits.dollars is near"
                for reader in ("chief", HUMAN):
                    mail.post(tx, OFFICE, reader, Kind.NOTE, subject, "…", LATER, id=f"limit-lab-near-{reader}")
                return subject
            case "drift":
                events.append(tx, "drift.alarm", "S9", at=LATER, reason="R5 is 4 σ above its pool")
                return "nothing is merged: R5 is 4 σ above its pool"
            case "finding":
                tx.execute("UPDATE experiments SET state = 'merged', subject = 'no\x1b]0;\x07 bias' WHERE id = 'E1'")
                STUDIES.insert(tx, HELD)
                experiments.move(tx, "E1", Move.CERTIFY, LATER)
                return "E1 is a finding: no ]0; bias"
            case _:
                idle.change(tx, "cuda:3", Cause.NOTHING, "", many.NOW - timedelta(minutes=20))
                return "cuda:3 idle for 21 min: nothing proposed"


@pytest.mark.parametrize("on", ["question", "stuck", "device_idle", "budget", "drift", "finding"])
def test_each_occurrence_calls_once_and_not_again_after_a_restart(lab: Lab, on: str) -> None:
    words = happen(lab, on)
    assert called(lab) == [(on, words)]
    assert called(lab, 2.0) == []
    lab.ledger.close()
    again = many.opened(lab.layout)
    assert called(again, 3.0) == []
    again.ledger.close()


@pytest.mark.parametrize("on", ["question", "device_idle", "finding"])
def test_what_the_config_does_not_name_calls_nobody(lab: Lab, on: str) -> None:
    quiet = replace(lab, config=lab.config.model_copy(update={"attention": lab.config.attention.model_copy(update={"on": ()})}))
    happen(quiet, on)
    assert called(quiet) == []


def test_a_lab_that_looks_for_the_first_time_calls_for_nothing_of_the_past(lab: Lab) -> None:
    with lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM meta WHERE key = 'attention_event'")
    happen(lab, "question")
    assert called(lab) == []


def test_a_question_that_was_answered_before_anybody_was_called_is_settled(lab: Lab) -> None:
    with lab.ledger.transaction() as tx:
        asked = mail.ask(tx, "chief", "May I?", LATER, None, None)
        mail.answer(tx, asked.id, "yes", HUMAN, LATER)
    assert called(lab) == []


def test_a_certified_change_is_a_finding_once_it_holds_where_the_ladder_goes(lab: Lab) -> None:
    with lab.ledger.transaction() as tx:
        tx.execute("UPDATE experiments SET state = 'merged' WHERE id = 'E1'")
        experiments.move(tx, "E1", Move.CERTIFY, LATER)
    assert called(lab) == []
    with lab.ledger.transaction() as tx:
        STUDIES.insert(tx, HELD)
        events.append(tx, "rung.held", "E1", at=LATER, study="S900")
    assert [on for on, _ in called(lab, 2.0)] == ["finding"]
    with lab.ledger.transaction() as tx:
        events.append(tx, "rung.held", "E1", at=LATER, study="S901")
    assert called(lab, 3.0) == [], "held at a further rung it is the same finding"


def test_a_finding_that_is_certified_and_holds_within_one_look_calls_once(lab: Lab) -> None:
    happen(lab, "finding")
    with lab.ledger.transaction() as tx:
        events.append(tx, "rung.held", "E1", at=LATER, study="S900")
    assert [on for on, _ in called(lab)] == ["finding"]


def test_mail_between_agents_and_pauses_on_purpose_call_nobody(lab: Lab) -> None:
    with lab.ledger.transaction() as tx:
        mail.post(tx, "junior-1", "chief", Kind.NOTE, "look", "…", LATER)
        mail.post(tx, "junior-1", HUMAN, Kind.NOTE, "a note", "…", LATER)
        agents.set_state(tx, "junior-1", AgentState.PAUSED, LATER, "by ada")
    assert called(lab) == []
    with lab.ledger.transaction() as tx:
        agents.set_state(tx, "chief", AgentState.PAUSED, LATER, "its process ended with 1 5 times in a row; `org resume chief`")
    assert called(lab)[0][0] == "stuck"


@pytest.mark.parametrize(("cause", "minutes"), [(Cause.PAUSED, 60.0), (Cause.TRY, 60.0), (Cause.NOTHING, 5.0)])
def test_a_device_that_idles_on_purpose_or_not_for_long_calls_nobody(lab: Lab, cause: Cause, minutes: float) -> None:
    with lab.ledger.transaction() as tx:
        idle.change(tx, "cuda:3", cause, "", many.NOW - timedelta(minutes=minutes))
    assert called(lab) == []


def test_what_agents_write_is_one_line_without_control_characters(lab: Lab) -> None:
    with lab.ledger.transaction() as tx:
        mail.ask(tx, "chief", "\x1b]0;hi\x07 shall I?", LATER, None, None)
    assert called(lab) == [("question", "chief asks: ]0;hi shall I?")]
