"""`org promote`: a merged change on larger rungs, and what follows from what it does there."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from climbing import Climbing

from org.lab.rungs import promote
from org.model.experiment import State
from org.model.study import State as StudyState
from org.store import mail, meta, reads, runs, studies
from org.store.tables import STUDIES

Say = Callable[..., Result]


def test_a_gain_that_holds_on_the_next_rung_is_confirmed_there(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    said = say(lab, "promote", e.id)
    assert said.exit_code == 0, said.output
    assert f"S1: {e.id} to rung 1 (300step)" in said.output
    study = lab.play()[0]
    con = lab.lab.ledger.reader
    assert study.state is StudyState.DONE and study.outcome["held"], study.reason
    assert lab.experiment(e.id).state is State.CONFIRMED
    ran = studies.runs_of(con, study.id)
    assert sorted((r.tree == e.run_tree, r.slot) for r in ran) == [(False, n) for n in range(4)] + [(True, 0)]
    assert {r.rung for r in ran} == {1} and {r.budget for r in ran} == {"300step"}
    letters = [m for m in mail.of_reader(con, "junior-1") if "confirmed at rung 1" in m.subject]
    assert len(letters) == 1 and "mean z" in letters[0].body


def test_a_gain_that_is_not_seen_there_failed_its_transfer(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    lab.there[1, e.run_tree] = -0.02
    say(lab, "promote", e.id)
    lab.play()
    assert lab.experiment(e.id).state is State.FAILED_TRANSFER and "was not seen at rung 1" in lab.experiment(e.id).reason
    assert e.id in say(lab, "findings", "--failed-transfer").output
    assert "only what a race kept" in str(say(lab, "promote", e.id).exception)


def test_at_the_target_the_race_decides(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    for _ in range(2):
        say(lab, "promote", e.id, "--yes")
        lab.play()
    target = lab.promotions()[-1]
    assert target.plan["role"] == "target" and target.outcome["held"] and target.outcome["e"] >= 200
    assert 2 <= target.outcome["runs"] <= 10 and lab.experiment(e.id).state is State.CONFIRMED
    assert "stands on the last rung" in str(say(lab, "promote", e.id).exception)


def test_what_held_in_the_middle_may_fail_at_the_top(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    lab.there[2, e.run_tree] = -0.05
    for _ in range(2):
        say(lab, "promote", e.id, "--yes")
        lab.play()
    assert lab.experiment(e.id).state is State.FAILED_TRANSFER
    told = say(lab, "findings", "--transfer").output
    assert "(not held)" in told and "1 of 15 pairs with the target" in told


def test_a_change_that_does_not_run_there_failed_its_transfer(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    lab.broken.add((1, e.run_tree))
    say(lab, "promote", e.id)
    lab.play()
    assert lab.experiment(e.id).state is State.FAILED_TRANSFER and "out of memory" in lab.experiment(e.id).reason


def test_a_base_that_does_not_run_there_says_nothing_of_the_change(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    lab.broken.add((1, e.base_tree))
    say(lab, "promote", e.id)
    study = lab.play()[0]
    assert study.state is StudyState.FAILED and "its base does not run at rung 1" in study.reason
    assert lab.experiment(e.id).state is State.MERGED and lab.fact("paused") is None


def test_below_the_threshold_it_stays_unless_the_rung_is_named(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.021, lr=0.3)  # same-seed pairs show it; against the pool it is two standard deviations
    said = say(lab, "promote", e.id)
    assert "is under 2.5" in str(said.exception) and f"org promote {e.id} --rung 1" in str(said.exception)
    assert lab.promotions() == []
    assert say(lab, "promote", e.id, "--rung", "1").exit_code == 0
    assert lab.promotions()[0].plan["rung"] == 1


def test_a_rung_that_is_not_there_is_refused_with_those_that_are(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    for rung in ("0", "3", "-1"):
        said = str(say(lab, "promote", e.id, "--rung", rung).exception)
        assert "there is no rung" in said and "1 (rung 1 (300step)), 2" in said


def test_a_rung_is_tested_once(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id)
    assert "S1:" in say(lab, "promote", e.id).output and len(lab.promotions()) == 1
    lab.play()
    assert "a second test would not hold" in str(say(lab, "promote", e.id, "--rung", "1").exception)


def test_only_what_a_race_kept_goes_up(lab: Climbing, say: Say) -> None:
    made = lab.change("junior-1", -0.05, lr=0.3)
    for _ in range(20):
        lab.ticks(1)
    assert lab.experiment(made.id).state is State.DISCARDED
    assert "only what a race kept" in str(say(lab, "promote", made.id).exception)


def test_the_next_change_finds_the_runs_of_the_last_one_as_its_base(lab: Climbing, say: Say) -> None:
    first = lab.merged(0.06, lr=0.3)
    say(lab, "promote", first.id)
    lab.play()
    second = lab.merged(0.13, lr=0.4)
    say(lab, "promote", second.id)
    study = lab.play()[1]
    ran = [r for r in studies.runs_of(lab.lab.ledger.reader, study.id) if r.tree == study.plan["base"]]
    assert study.plan["base"] == first.run_tree and sorted(r.slot for r in ran) == [1, 2, 3]


def test_runs_of_a_larger_rung_enter_no_race_and_no_pool_of_the_first(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    con = lab.lab.ledger.reader
    before = reads.race_values(con), [p for p in reads.all_pool_values(con) if p.rung == 0]
    say(lab, "promote", e.id)
    lab.play()
    assert (reads.race_values(con), [p for p in reads.all_pool_values(con) if p.rung == 0]) == before


def test_a_study_starts_over_when_the_environment_changed_under_it(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id)
    lab.held = True
    lab.ticks(2)
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another one")
    lab.held = False
    first, second = lab.play()
    assert first.state is StudyState.CANCELLED and "starts over" in first.reason
    assert second.state is StudyState.DONE and second.plan == first.plan


def test_a_study_that_cannot_start_over_is_not_in_the_way_of_the_next(lab: Climbing, say: Say) -> None:
    for e in (lab.merged(0.06, lr=0.3), lab.merged(0.12, lr=0.4)):
        say(lab, "promote", e.id)
    lab.held = True
    lab.ticks(2)
    with lab.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another one")
        STUDIES.update(tx, "S1", plan=lab.promotions()[0].plan | {"subject": "nobody asks with this key"})
    with pytest.raises(TypeError, match="subject"):
        promote.step(lab.lab, lab.now())
    assert [s.state for s in lab.promotions()] == [StudyState.OPEN, StudyState.CANCELLED, StudyState.OPEN]


def test_the_page_and_the_explanation_list_every_run_there(lab: Climbing, say: Say) -> None:
    e = lab.merged(0.06, lr=0.3)
    say(lab, "promote", e.id)
    study = lab.play()[0]
    lab.ticks(1)
    shown, explained = say(lab, "show", e.id).output, say(lab, "explain", e.id).output
    for run in studies.runs_of(lab.lab.ledger.reader, study.id):
        assert f"| {run.id} | {run.seed} |" in shown and f"| {run.id} | {run.seed} |" in explained
    assert "At larger scale" in shown and "z " in explained and "confirmed at a larger scale" in shown
    assert json.loads(say(lab, "explain", e.id, "--json").output)["larger"][0]["study"] == study.id


def test_the_lab_runs_what_somebody_asked_for_before_the_races(lab: Climbing, say: Say) -> None:
    from org.lab import schedule

    e = lab.merged(0.06, lr=0.3)
    lab.held = True
    other = lab.change("junior-2", 0.0, decay=0.1)
    say(lab, "promote", e.id)
    lab.ticks(2)
    waiting = schedule._waiting(lab.lab)
    assert [r.study for r in waiting[:5]] == ["S1"] * 5 and other.id in {r.experiment for r in waiting[5:]}
    assert runs.outstanding_of(lab.lab.ledger.reader, other.id)
