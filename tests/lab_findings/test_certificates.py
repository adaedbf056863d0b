"""Certificates: fresh runs of what will be reported, and what may be claimed afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result
from played import Played, set_task

from org.lab import schedule, seeds
from org.lab.studies import certificate, engine
from org.model.errors import Refused
from org.model.experiment import Event, Experiment, State
from org.model.run import Event as RunEvent
from org.model.run import Run
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.science import certificate as rule
from org.store import experiments, mail, meta, reads, runs, studies
from org.store.tables import EXPERIMENTS, STUDIES

Say = Callable[..., Result]


def merged(lab: Played, lr: float, gain: float = 0.06) -> Experiment:
    made = lab.change("junior-1", gain, lr=lr)
    for _ in range(80):
        if lab.settled(made.id)():
            break
        lab.ticks(1)
    assert lab.experiment(made.id).state is State.MERGED, lab.experiment(made.id).reason
    return lab.experiment(made.id)


def ask(lab: Played, id: str) -> Study:
    with lab.lab.ledger.transaction() as tx:
        return certificate.ask(lab.lab, tx, id, "human", lab.now())


def play(lab: Played, study: Study, gain: float) -> Study:
    """The study's runs: the new head is better than the old one by so much."""
    engine.step(lab.lab, lab.now())
    for run in studies.outstanding_of(lab.lab.ledger.reader, study.id):
        end(lab, run, 1.0 - (gain if run.tree == study.plan["new"] else 0.0))
    engine.step(lab.lab, lab.now())
    return STUDIES.get(lab.lab.ledger.reader, study.id)


def end(lab: Played, run: Run, metric: float) -> None:
    with lab.lab.ledger.transaction() as tx:
        runs.move(tx, run.id, RunEvent.START, lab.now(), device="cpu:0", started_at=lab.now())
        runs.move(tx, run.id, RunEvent.SUCCEED, lab.now(), metric=metric, finished_at=lab.now())


def test_four_fresh_runs_of_each_head_certify_a_real_gain(played: Played, say: Say) -> None:
    e = merged(played, 0.3)
    study = ask(played, e.id)
    engine.step(played.lab, played.now())
    con = played.lab.ledger.reader
    waiting = studies.outstanding_of(con, study.id)
    assert [r.tree for r in waiting] == [e.base_tree, e.run_tree] * 4, "side by side: what drifts meets both"
    pool = {seeds.pool_seed(con, slot) for slot in range(8)}
    assert len({r.seed for r in waiting}) == 4 and not pool & {r.seed for r in waiting}
    found = play(played, study, 0.2)
    assert found.state is StudyState.DONE and found.outcome["certified"] and played.experiment(e.id).state is State.CERTIFIED
    assert found.outcome["needed"] == pytest.approx(rule.needed(1, 0, played.lab.protocol))
    told = say(played, "findings").output
    assert e.id in told and "better by" in told and "certified: 1 of 1 merge" in told
    row = json.loads(say(played, "findings", "--json").output)["found"][0]
    assert row["gain"] == pytest.approx(0.2) and row["e"] >= row["needed"] and row["merge"] == 1
    assert [m for m in mail.of_reader(con, "junior-1") if m.subject.startswith(f"{e.id} certified")]


def test_what_fresh_runs_do_not_show_stays_merged_and_is_not_claimed(played: Played, say: Say) -> None:
    e = merged(played, 0.3)
    found = play(played, ask(played, e.id), 0.0001)
    assert not found.outcome["certified"] and played.experiment(e.id).state is State.UNCERTIFIED
    assert "nothing of this kind yet; certified: 0 of 1 merge" in say(played, "findings").output
    assert "its fresh runs do not show it" in say(played, "findings", "--all").output


def test_each_merge_is_tested_at_the_level_of_its_number_and_of_the_certificates_given(played: Played) -> None:
    first, second = merged(played, 0.3), merged(played, 0.4, 0.13)
    play(played, ask(played, first.id), 0.2)
    found = play(played, ask(played, second.id), 0.2)
    assert found.plan["merge"] == 2 and found.plan["old"] == first.run_tree
    assert found.outcome["needed"] == pytest.approx(rule.needed(2, 1, played.lab.protocol))


def test_a_merge_is_tested_once(played: Played) -> None:
    e = merged(played, 0.3)
    assert ask(played, e.id).id == ask(played, e.id).id
    play(played, ask(played, e.id), 0.0)
    with pytest.raises(Refused, match="has had its test"):
        ask(played, e.id)


def test_only_what_is_merged_is_tested(played: Played, say: Say) -> None:
    made = played.change("junior-1", 0.05, lr=0.3)
    said = say(played, "certify", made.id)
    assert said.exit_code != 0 and "only what is merged" in str(said.exception)
    assert "nothing is merged" in say(played, "certify").output


def test_all_asks_for_every_merge_once_in_the_ledgers_order(played: Played, say: Say) -> None:
    first, second = merged(played, 0.3), merged(played, 0.4, 0.13)
    assert f"{first.id} (merge 1), 4 fresh runs" in say(played, "certify", "all").output
    say(played, "certify", "all")
    con = played.lab.ledger.reader
    assert [s.subject for s in studies.open_(con, Kind.CERTIFICATE)] == [first.id, second.id]


def test_certificate_runs_enter_no_pool_and_no_race(played: Played) -> None:
    e = merged(played, 0.3)
    con = played.lab.ledger.reader
    before = reads.all_pool_values(con), reads.race_values(con)
    play(played, ask(played, e.id), 0.2)
    assert (reads.all_pool_values(con), reads.race_values(con)) == before


def test_a_merge_taken_out_meanwhile_keeps_its_state(played: Played) -> None:
    e = merged(played, 0.3)
    study = ask(played, e.id)
    with played.lab.ledger.transaction() as tx:
        experiments.move(tx, e.id, Event.REVERT, played.now(), reason="a person said so")
    found = play(played, study, 0.2)
    assert found.state is StudyState.FAILED and played.experiment(e.id).state is State.REVERTED
    assert certificate.given(played.lab.ledger.reader) == []


def test_a_merge_that_was_opened_again_meanwhile_has_its_test_when_it_is_merged_again(played: Played) -> None:
    e = merged(played, 0.3)
    study = ask(played, e.id)
    with played.lab.ledger.transaction() as tx:
        experiments.move(tx, e.id, Event.REOPEN, played.now(), reason="the devices drifted")
    found = play(played, study, 0.2)
    assert found.state is StudyState.FAILED and "E1 is reopened by now" in found.reason
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, e.id, state=State.MERGED)
    assert not certificate.is_asked(played.lab.ledger.reader, e.id, 1)
    assert play(played, ask(played, e.id), 0.2).outcome["certified"] and played.experiment(e.id).state is State.CERTIFIED


def test_a_merge_whose_test_is_refused_is_in_nobodys_way(played: Played) -> None:
    first, second = merged(played, 0.3), merged(played, 0.4, 0.13)
    play(played, ask(played, first.id), 0.2)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, first.id, state=State.MERGED)
        asked = certificate.ask_all(played.lab, tx, "human", played.now())
        EXPERIMENTS.update(tx, second.id, state=State.CERTIFIED)
        with pytest.raises(Refused, match="has tested this merge"):
            certificate.ask_all(played.lab, tx, "human", played.now())
    assert [study.subject for study in asked] == [second.id]


@pytest.mark.parametrize("what", ["environment", "drift_epoch"])
def test_what_changes_between_its_runs_ends_a_certificate_and_it_may_be_asked_for_anew(played: Played, what: meta.Key) -> None:
    said: list[str] = []
    played.office.say = said.append  # type: ignore[method-assign]
    e = merged(played, 0.3)
    study = ask(played, e.id)
    played.held = True
    played.ticks(1)
    con = played.lab.ledger.reader
    for run in [r for r in studies.outstanding_of(con, study.id) if r.tree == study.plan["old"]]:
        end(played, run, 1.0)
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, what, "another")
    played.ticks(1)
    found = STUDIES.get(con, study.id)
    assert found.state is StudyState.CANCELLED and "changed before all its runs were made" in found.reason
    assert studies.outstanding_of(con, study.id) == [] and played.experiment(e.id).state is State.MERGED
    assert not certificate.is_asked(con, e.id, 1)
    letter = next(m for m in mail.of_reader(con, "human") if study.id in m.subject)
    assert letter.subject == f"{study.id} was called off: certificate of {e.id}" and letter.body.endswith("ask anew.")
    assert any(line.startswith(f"{study.id} cancelled · certificate of {e.id}") for line in said)


def test_a_merge_of_which_the_task_leaves_nothing_is_not_tested(played: Played) -> None:
    e = merged(played, 0.3)
    task = played.lab.config.task
    set_task(played, protected=(*task.protected, *task.recipe))
    with pytest.raises(Refused, match="nothing is left of E1"):
        ask(played, e.id)


def test_both_arms_run_on_one_model_of_device(played: Played) -> None:
    study = ask(played, merged(played, 0.3).id)
    engine.step(played.lab, played.now())
    here, there = played.lab.devices
    other = replace(there, model="another model")
    for run in studies.outstanding_of(played.lab.ledger.reader, study.id):
        assert schedule._choose(played.lab, run, [other, here]) == [here]
