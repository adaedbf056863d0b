"""People in the loop: review, takeover and hand-back, questions, pauses, allowances, stops."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from laboratory import Laboratory, git, set_values
from played import Played

from org.lab import schedule
from org.lab.devices import backfill
from org.lab.post import step as post_step
from org.model.agent import Control
from org.model.errors import OrgError, Refused
from org.model.experiment import State
from org.model.message import Kind
from org.model.program import State as ProgramState
from org.model.run import Purpose
from org.model.run import State as RunState
from org.runs.spec import End, Outcome
from org.store import mail, requests
from org.store.tables import AGENTS, MESSAGES, PROGRAMS, QUESTIONS, REQUESTS, RUNS


def with_config(lab: Played, **parts: object) -> None:
    lab.office.lab = lab.lab = replace(lab.lab, config=lab.lab.config.model_copy(update=parts))


def test_a_takeover_holds_mail_and_proposals_and_the_hand_back_tells_what_happened(played: Played) -> None:
    post_step(played.lab, played.now())
    made = played.change("junior-1", 0.1, lr=0.3)
    assert played.ask("takeover", agent="junior-1").answer.startswith("human has junior-1")
    with played.lab.ledger.transaction() as tx:
        letter = mail.post(tx, "junior-2", "junior-1", Kind.NOTE, "look at E7", "please", played.now())
    played.ticks(3)
    con = played.lab.ledger.reader
    assert played.experiment(made.id).state is State.PROPOSED, "a proposal from before the takeover is held"
    assert MESSAGES.get(con, letter.id).delivered_at is None
    path = played.lab.layout.worktree("junior-1")
    recipe = path / "fit/recipe.yaml"
    recipe.write_text(set_values(recipe.read_text(), {"lr": 0.7}))
    git(path, "commit", "-q", "-a", "-m", "by hand")
    assert played.ask("takeover", agent="junior-1").answer == "human has junior-1 already"
    assert played.ask("handback", agent="junior-1", note="try smaller steps").answer == "junior-1 goes on"
    back = [m for m in mail.of_reader(con, "junior-1") if m.kind is Kind.HANDBACK]
    assert len(back) == 1
    for words in ("try smaller steps", "Commits: by hand", "+lr: 0.7", "Held mail: 1", "junior-2: look at E7"):
        assert words in back[0].body
    played.ticks(2)
    assert MESSAGES.get(con, letter.id).delivered_at is not None
    assert played.experiment(made.id).state is not State.PROPOSED
    assert played.ask("handback", agent="junior-1").answer == "junior-1 has itself; nothing to hand back"


def test_what_was_approved_races_on_during_a_takeover(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(1)
    played.ask("takeover", agent="junior-1")
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED
    assert AGENTS.get(played.lab.ledger.reader, "junior-1").control is Control.HUMAN


def test_without_a_reviewers_word_nothing_runs_and_he_is_asked_once(played: Played) -> None:
    with_config(played, protocol=played.lab.config.protocol.model_copy(update={"approve": "human"}))
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(3)
    con = played.lab.ledger.reader
    assert played.experiment(made.id).state is State.PROPOSED and not played.runs(made.id)
    assert len([m for m in mail.of_reader(con, "human") if "May E1 run?" in m.subject]) == 1
    assert played.ask("approve", experiment=made.id).answer == "E1 may run"
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED


def test_a_refused_proposal_is_told_to_its_author(played: Played) -> None:
    with_config(played, protocol=played.lab.config.protocol.model_copy(update={"approve": "human"}))
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ask("refuse", experiment=made.id, reason="we know this")
    told = [m for m in mail.of_reader(played.lab.ledger.reader, "junior-1") if m.refs == (made.id,)]
    assert [m.body.splitlines()[0] for m in told] == ["we know this"]


def test_a_question_without_an_answer_takes_its_default_once(played: Played) -> None:
    now, con = played.now(), played.lab.ledger.reader
    with played.lab.ledger.transaction() as tx:
        asked = mail.ask(tx, "junior-1", "May I?", now, "no", now + timedelta(minutes=5))
        open_ended = mail.ask(tx, "junior-1", "What then?", now, None, None)
    post_step(played.lab, now)
    assert QUESTIONS.get(con, asked.id).answer is None
    for minutes in (6, 7):
        post_step(played.lab, now + timedelta(minutes=minutes))
    after = QUESTIONS.get(con, asked.id)
    assert (after.answer, after.answered_by) == ("no", "default")
    assert len([m for m in mail.of_reader(con, "junior-1") if m.kind is Kind.ANSWER]) == 1
    assert QUESTIONS.get(con, open_ended.id).answer is None


def test_an_answer_in_time_is_sent_and_the_default_does_not_hold(played: Played) -> None:
    now, con = played.now(), played.lab.ledger.reader
    with played.lab.ledger.transaction() as tx:
        asked = mail.ask(tx, "junior-1", "May I?", now, "no", now + timedelta(minutes=5))
        mail.answer(tx, asked.id, "yes", "human", now)
    post_step(played.lab, now + timedelta(minutes=6))
    assert QUESTIONS.get(con, asked.id).answer == "yes"
    assert [m.body for m in mail.of_reader(con, "junior-1") if m.kind is Kind.ANSWER] == ["yes"]


def test_an_empty_question_is_refused(played: Played) -> None:
    with pytest.raises(Refused, match="needs words"), played.lab.ledger.transaction() as tx:
        mail.ask(tx, "junior-1", " \n", played.now(), None, None)


def test_a_paused_lab_starts_nothing_and_goes_on_where_it_was(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ask("pause", reason="lunch")
    played.ticks(3)
    assert {r.state for r in played.runs(made.id)} == {RunState.QUEUED}
    assert schedule.held(played.lab) == "lunch"
    played.ask("resume")
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED


def test_a_paused_program_waits_and_takes_no_proposals(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ask("pause", target="free")
    played.ticks(3)
    assert {r.state for r in played.runs(made.id)} == {RunState.QUEUED}
    with pytest.raises(OrgError, match="paused"):
        played.propose("junior-2")
    played.ask("resume", target="free")
    played.until(played.settled(made.id))


def test_resuming_somebody_who_works_changes_nothing(played: Played) -> None:
    before = AGENTS.get(played.lab.ledger.reader, "junior-1").state
    played.ask("resume", target="junior-1")
    assert AGENTS.get(played.lab.ledger.reader, "junior-1").state is before
    assert played.ask("pause", target="nobody").state == "refused"


def test_a_closed_program_races_what_is_open_to_its_verdict(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.ticks(1)
    played.ask("program", slug="free", what="close", reason="enough")
    assert AGENTS.get(played.lab.ledger.reader, "junior-1").program is None
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED


def test_the_labs_device_hours_are_the_last_thing_spent(played: Played) -> None:
    with_config(played, limits=played.lab.config.limits.model_copy(update={"device_hours": 0.03}))
    made = played.change("junior-1", 0.02, lr=0.3)
    played.ticks(12)
    con = played.lab.ledger.reader
    assert RUNS.count(con, "WHERE finished_at IS NOT NULL") == 3  # 36 s each, 108 s allowed
    assert "limits.device_hours: 0.03 of 0.03 are spent" in str(schedule.held(played.lab))
    assert played.experiment(made.id).state is State.RACING


def test_a_program_that_spent_its_allowance_is_paused_with_a_letter_and_fills_no_pool(played: Played) -> None:
    program = PROGRAMS.get(played.lab.ledger.reader, "free")
    with played.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, program.slug, allowance={"device_hours": 0.015})
    made = played.change("junior-1", 0.02, lr=0.3)
    played.ticks(6)
    con = played.lab.ledger.reader
    program = PROGRAMS.get(con, "free")
    assert program.state is ProgramState.PAUSED and program.reason == "its allowance of 0.015 device-hours is spent"
    assert len([m for m in mail.of_reader(con, "human") if "allowance" in m.subject]) == 1
    assert RUNS.count(con, "WHERE finished_at IS NOT NULL") == 2
    assert backfill.fill(played.lab, 2, played.now()) == []
    played.ask("program", slug="free", what="close")
    played.ticks(2)
    after = played.experiment(made.id)
    assert after.state is State.CANCELLED, "else its author could never propose elsewhere"
    assert "closed and its allowance" in after.reason and not played.queued()


def test_stopping_now_cancels_what_runs_and_the_next_start_runs_it_again(
    played: Played, reopened: Callable[[Laboratory], Played]
) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    run = next(r for r in played.runs(made.id) if r.purpose is Purpose.RACE)
    played.start(run)
    assert played.ask("stop").answer == "stopping (now)"
    assert (played.lab.layout.run(run.id) / "cancel").exists()
    played.ends = lambda r: Outcome(r.id, End.CANCELLED, reason="cancelled") if r.id == run.id else None
    played.end(run)
    played.held = False
    played.ticks(3)
    assert RUNS.get(played.lab.ledger.reader, run.id).state is RunState.CANCELLED
    assert not [r for r in played.runs(made.id) if r.state is RunState.SUCCEEDED], "a stopping lab starts nothing"
    lab = reopened(played)
    lab.until(lab.settled(made.id))
    assert lab.experiment(made.id).state is State.MERGED
    again = [r for r in lab.runs(made.id) if r.purpose is Purpose.RACE and r.slot == 0]
    assert [(r.state, r.attempt) for r in again] == [(RunState.CANCELLED, 1), (RunState.SUCCEEDED, 1)]
    lab.lab.ledger.close()


def test_a_request_that_cannot_be_understood_is_not_in_the_way_of_the_next(played: Played) -> None:
    with played.lab.ledger.transaction() as tx:
        for verb, args in (("cancel", {}), ("dance", {}), ("pause", {"target": "free"})):
            requests.ask(tx, verb, "human", played.now(), **args)
    played.ticks(1)
    answers = [r.answer for r in REQUESTS.select(played.lab.ledger.reader, "ORDER BY id")]
    assert answers[0].startswith("cancel could not be done: KeyError")
    assert answers[1].startswith("this office does not know the verb dance")
    assert answers[2] == "program free is paused"


def test_a_try_that_was_killed_keeps_no_device_free(played: Played) -> None:
    with played.lab.ledger.transaction() as tx:
        for _ in range(2):
            requests.ask(tx, "try", "junior-1", played.now(), pid=2**22 + 1, started=1.0)
    assert len(schedule._free_devices(played.lab)) == 2
    played.ticks(1)
    settled = REQUESTS.select(played.lab.ledger.reader)
    assert {r.state for r in settled} == {"refused"} and "ended before" in settled[0].answer
