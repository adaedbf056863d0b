"""Sentinels with played runs: when they run, what an alarm does, what is opened again, and how a freeze ends."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import Result
from drifter import SIGMA, Drifter
from laboratory import Laboratory

from org.dashboard import notes
from org.dashboard.state import LabState
from org.lab import schedule as scheduling
from org.lab.drift import drifting, freezing, reopening
from org.lab.drift import page as drift_page
from org.lab.verdicts import explain
from org.model.errors import UsageError
from org.model.experiment import State
from org.model.program import State as ProgramState
from org.model.request import State as Answered
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.model.study import Kind
from org.model.study import State as StudyState
from org.store import mail, meta, reads, runs, studies
from org.store.tables import EVENTS, EXPERIMENTS, POOLS, PROGRAMS, RUNS, SLOTS, STUDIES

pytestmark = pytest.mark.slow

FAR = 6 * SIGMA  # one sentinel sees it


def frozen(lab: Drifter) -> bool:
    return freezing.now(lab.lab.ledger.reader) is not None


def alarmed(lab: Drifter) -> Drifter:
    """A good sentinel, then a drift that the next one finds; merges are frozen."""
    lab.try_(), lab.try_()
    lab.until_sentinel(1)
    lab.shift = FAR
    lab.try_(), lab.try_()
    lab.until(lambda: frozen(lab))
    return lab


def calm(lab: Drifter) -> Drifter:
    lab.until(lambda: not frozen(lab))
    return lab


def last_baseline(lab: Drifter) -> Callable[[Run], bool]:
    """Holds the freeze: one run of the pool that is measured anew."""
    return lambda run: frozen(lab) and run.purpose is Purpose.POOL and run.experiment is None and run.slot == 7


def events(lab: Drifter, kind: str) -> int:
    return EVENTS.count(lab.lab.ledger.reader, "WHERE kind = ?", kind)


def test_a_sentinel_runs_after_every_so_many_tries_and_enters_no_pool(drifter: Drifter) -> None:
    con = drifter.lab.ledger.reader
    drifter.try_()
    drifter.ticks(3)
    assert not STUDIES.count(con, "WHERE kind = 'sentinel'")
    drifter.try_()
    first = drifter.until_sentinel(1)
    assert first.state is StudyState.DONE and first.outcome["alarm"] is False and abs(first.outcome["z"]) < 3
    run = RUNS.get(con, first.outcome["run"])
    assert run.purpose is Purpose.STUDY and not SLOTS.count(con, "WHERE run = ?", run.id)
    assert run.seed not in {r.seed for r in RUNS.select(con) if r.id != run.id}
    assert len(drifter.pool(first.plan["pool"])) == 8, "it is held against a full pool"
    drifter.ticks(3)
    assert len(drifter.sentinels()) == 1
    drifter.try_(), drifter.try_()
    drifter.until_sentinel(2)


def test_a_change_of_devices_asks_for_a_sentinel_at_once(drifter: Drifter) -> None:
    drifter.ticks(2)
    assert not drifter.sentinels()
    with drifter.lab.ledger.transaction() as tx:
        meta.put(tx, "device_models", json.dumps({"cpu:0": "another"}))
    drifter.until_sentinel(1)
    drifter.ticks(5)
    assert len(drifter.sentinels()) == 1, "once for each change"


def test_an_alarm_freezes_merges_and_says_so_everywhere(drifter: Drifter, say: Callable[..., Result]) -> None:
    drifter.held = False
    alarmed(drifter)
    drifter.held = True
    con = drifter.lab.ledger.reader
    alarm = drifter.sentinels()[-1]
    assert alarm.outcome["alarm"] and alarm.outcome["z"] < -3
    assert "frozen: nothing is merged: the sentinel is -" in say(drifter, "status").output
    told = json.loads(say(drifter, "status", "--json").output)["drift"]
    assert told["frozen"]["study"] == alarm.id and told["sentinels"][-1]["outcome"]["alarm"] is True
    letters = [m for m in mail.of_reader(con, "human") if m.subject.startswith("Merges are frozen")]
    assert len(letters) == 1 and "org resume merges" in letters[0].body and "the last good sentinel" in letters[0].body
    reason = json.loads(meta.get(con, "frozen") or "{}")["reason"]
    state = LabState(frozen=reason, supervisor_seen_at=datetime.now(UTC))
    assert any("Nothing is merged: the sentinel is -" in note.text for note in notes.of(state, datetime.now(UTC)))
    page = say(drifter, "noise").output
    assert f"| {alarm.id} |" in page and "alarm: the sentinel" in page and "frozen: nothing is merged" in page
    drifter.ask("standup")


def test_while_frozen_nothing_is_merged_and_afterwards_a_keep_is_merged(drifter: Drifter) -> None:
    drifter.waits = last_baseline(drifter)
    alarmed(drifter)
    made = drifter.propose_one(0.2)
    drifter.until(lambda: drifter.experiment(made.id).state is State.QUEUED)
    head = PROGRAMS.get(drifter.lab.ledger.reader, "free").head_commit
    drifter.ticks(5)
    assert frozen(drifter) and PROGRAMS.get(drifter.lab.ledger.reader, "free").head_commit == head
    drifter.waits = lambda run: False
    drifter.until(drifter.settled(made.id))
    assert drifter.experiment(made.id).state is State.MERGED and not frozen(drifter)


def test_after_an_alarm_the_head_is_measured_anew_and_what_was_decided_since_is_opened_again(drifter: Drifter) -> None:
    drifter.waits = last_baseline(drifter)
    alarmed(drifter)
    con, alarm = drifter.lab.ledger.reader, drifter.sentinels()[-1]
    before = {id: drifter.experiment(id) for id in ("E1", "E2", "E3", "E4")}
    assert all(e.decided_at for e in before.values())
    drifter.waits = lambda run: False
    calm(drifter)
    opened = [e.subject for e in EVENTS.select(con, "WHERE kind = 'experiment.reopened' ORDER BY id")]
    assert opened == ["E3", "E4"], "E1 and E2 were decided before the last good sentinel"
    drifter.until(drifter.settled("E3", "E4"))
    pool = next(p for p in reversed(POOLS.select(con, "WHERE tree = ? ORDER BY id", alarm.plan["head"])))
    assert pool.created_at >= (alarm.done_at or pool.created_at) and len(drifter.pool(pool.id)) == 8
    assert all(r.queued_at >= (alarm.done_at or r.queued_at) for r in drifter.pool(pool.id)), "all of its runs are new"
    said = [m.subject.split(":")[0] for m in mail.of_reader(con, "junior-1") if m.kind == "verdict" and "E3" in m.refs]
    assert "E3 reopened" in said and len(said) == len({m.id for m in mail.of_reader(con, "junior-1") if "E3" in m.refs})
    letters = [m.body for m in mail.of_reader(con, "human") if m.subject == "Merges go on after the drift"]
    assert len(letters) == 1 and "E3, E4" in letters[0]


def test_values_from_before_the_alarm_do_not_count_afterwards(drifter: Drifter) -> None:
    alarmed(drifter)
    calm(drifter)
    drifter.until(drifter.settled("E3", "E4"))
    for id in ("E3", "E4"):
        after = drifter.experiment(id)
        counted = [r for r in drifter.runs(id) if r.purpose is Purpose.RACE and r.pool == after.pool]
        assert counted[0].slot == 0 and counted[0].attempt == 1
        assert after.decision["candidate_runs"] == len(counted) < len([r for r in drifter.runs(id) if r.purpose is Purpose.RACE])
        assert abs(after.decision["gain"]) < SIGMA, "the shift is on both sides"
        assert after.state is State.DISCARDED
        found = explain.of(drifter.lab, drifter.lab.ledger.reader, id, drifter.now())
        assert (
            found.restored
            and found.explanation is not None
            and found.explanation.decision.base_runs == after.decision["base_runs"]
        )
        assert {r.run for r in found.rows if r.arm == "candidate" and r.counts} == {r.id for r in counted}


def test_what_was_merged_by_the_drift_is_raced_again_and_told_of(drifter: Drifter) -> None:
    alarmed(drifter)
    con = drifter.lab.ledger.reader
    assert drifter.experiment("E3").state is State.MERGED, "a null change, better only than yesterday's pool"
    calm(drifter)
    drifter.until(drifter.settled("E3"))
    after = drifter.experiment("E3")
    assert after.state is State.DISCARDED and "it is still in the head: `org revert E3` takes it out" in after.reason
    assert [m.subject for m in mail.of_reader(con, "human") if m.id.startswith("left-in-head-E3")]


def test_what_was_merged_truly_holds_and_stays(drifter: Drifter) -> None:
    drifter.try_(), drifter.try_()
    drifter.until_sentinel(1)
    made = drifter.try_(0.2)
    head = PROGRAMS.get(drifter.lab.ledger.reader, "free").head_commit
    drifter.shift = FAR
    drifter.try_()
    drifter.until(lambda: frozen(drifter))
    calm(drifter)
    drifter.until(drifter.settled(made.id))
    after = drifter.experiment(made.id)
    assert (
        after.state is State.MERGED
        and after.reason.endswith("it is in the head already")
        and after.merged_commit == made.merged_commit
    )
    assert made.label_detail == after.label_detail
    merges = [m for m in reads.merges(drifter.lab.ledger.reader) if m.experiment == made.id]
    assert len(merges) == 1 and head is not None


def test_races_that_were_under_way_start_over(drifter: Drifter) -> None:
    drifter.try_(), drifter.try_()
    drifter.until_sentinel(1)
    drifter.try_()
    drifter.waits = lambda run: run.experiment == "E4" and run.slot > 0
    made = drifter.propose_one(0.2)
    drifter.until(lambda: len(drifter.runs(made.id)) > 1)
    first = drifter.experiment(made.id).pool
    drifter.shift = -FAR
    drifter.try_()
    drifter.until(lambda: frozen(drifter))
    drifter.waits = lambda run: False
    drifter.until(drifter.settled(made.id))
    after = drifter.experiment(made.id)
    assert after.state is State.MERGED and events(drifter, "experiment.restarted") == 1
    assert after.decision["candidate_runs"] == len(
        [r for r in drifter.runs(made.id) if r.purpose is Purpose.RACE and r.pool not in (first, None)]
    )


def test_a_kill_at_any_tick_doubles_nothing(drifter: Drifter, again: Callable[[Laboratory], Drifter]) -> None:
    drifter.try_(), drifter.try_()
    drifter.until_sentinel(1)
    drifter.shift = FAR
    drifter.try_(), drifter.propose_one()
    lab = drifter
    for _ in range(80):
        lab.ticks(1)
        lab = again(lab)
        if events(lab, "drift.lifted") and all(not lab.experiment(f"E{n}").is_open for n in (3, 4)):
            break
    con = lab.lab.ledger.reader
    assert (events(lab, "drift.alarm"), events(lab, "drift.lifted"), events(lab, "experiment.reopened")) == (1, 1, 2)
    asked = [(r.purpose, r.experiment, r.study, r.pool, r.slot, r.attempt) for r in RUNS.select(con)]
    assert len(asked) == len(set(asked))
    assert meta.get(con, "drift_epoch") == "1" and not frozen(lab)
    lab.lab.ledger.close()


def test_a_person_lifts_a_freeze_with_a_reason(drifter: Drifter, say: Callable[..., Result]) -> None:
    assert drifter.ask("resume", target="merges", reason="x").answer == "merges are not frozen"
    drifter.waits = last_baseline(drifter)
    alarmed(drifter)
    refused = drifter.ask("resume", target="merges", reason=" ")
    assert refused.state is Answered.REFUSED and "needs a reason" in refused.answer
    assert say(drifter, "resume", "merges", "--reason", "the room was hot").exit_code == 0
    drifter.ticks(1)
    con = drifter.lab.ledger.reader
    assert not frozen(drifter) and events(drifter, "experiment.reopened") == 0
    told = EVENTS.select(con, "WHERE kind = 'drift.lifted'")
    assert [(e.actor, e.detail["reason"]) for e in told] == [("human", "the room was hot")]
    assert isinstance(say(drifter, "resume", "merge").exception, UsageError)


def test_what_measures_the_pool_anew_goes_before_everything_else(drifter: Drifter) -> None:
    drifter.waits = last_baseline(drifter)
    alarmed(drifter)
    drifter.held = True
    drifter.propose_one(), drifter.propose_one()
    drifter.ticks(3)
    waiting = scheduling._waiting(drifter.lab)
    assert {r.purpose for r in waiting} >= {Purpose.RACE, Purpose.POOL}
    freeze = freezing.now(drifter.lab.ledger.reader)
    assert freeze and waiting[0].purpose is Purpose.POOL and waiting[0].tree == freeze.tree


def test_what_its_policy_declined_or_a_fresh_test_confirmed_is_not_doubted(drifter: Drifter) -> None:
    made = drifter.try_(0.2)
    freeze = freezing.Freeze("S1", made.base_tree, "a drift", "", "")

    def doubted(**changes: object) -> bool:
        with drifter.lab.ledger.transaction() as tx:
            EXPERIMENTS.update(tx, made.id, **changes)
            found = reopening.doubted(tx, freeze)
        return [e.id for e in found] == [made.id]

    assert doubted(state=State.MERGED) and doubted(state=State.DISCARDED) and doubted(state=State.PARKED)
    assert not doubted(state=State.CERTIFIED) and not doubted(state=State.FAILED) and not doubted(state=State.CONFLICT)
    assert not doubted(state=State.NOT_MERGED, merge_tree=None) and doubted(merge_tree=made.run_tree)
    freeze = replace(freeze, since="9")
    assert not doubted(state=State.MERGED), "decided before the last good sentinel"
    freeze = replace(freeze, since="")
    with drifter.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", state=ProgramState.CLOSED)
    assert not doubted(state=State.MERGED)


def test_a_sentinel_of_a_pool_that_is_no_longer_current_is_called_off(drifter: Drifter) -> None:
    drifter.waits = lambda run: run.study is not None
    drifter.try_(), drifter.try_()
    con = drifter.lab.ledger.reader
    drifter.until(lambda: bool(studies.open_(con, Kind.SENTINEL)))
    with drifter.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "other libraries")
    drifter.ticks(2)
    assert STUDIES.get(con, "S1").state is StudyState.CANCELLED
    drifter.waits = lambda run: False
    drifter.until_sentinel(1)
    assert drifter.sentinels()[0].id != "S1" and not runs.in_state(con, RunState.QUEUED)


def test_a_reopened_screen_is_screened_again(labs: Callable[..., Drifter]) -> None:
    lab = labs(protocol="{screen: on}")
    rules = replace(lab.lab.protocol, screen=replace(lab.lab.protocol.screen, bypass_share=0.0))
    lab.office.lab = lab.lab = replace(lab.lab, protocol=rules)
    alarmed(lab)
    failed = [id for id in ("E3", "E4") if lab.experiment(id).screen.get("outcome") == "failed"]
    calm(lab)
    lab.until(lab.settled("E3", "E4"))
    for id in ("E3", "E4"):
        screens = [r for r in lab.runs(id) if r.purpose is Purpose.SCREEN]
        assert len(screens) == (2 if id in failed else 1), (id, failed)


def test_the_page_says_when_sentinels_ran(drifter: Drifter) -> None:
    con = drifter.lab.ledger.reader
    assert drift_page.words(drifter.lab, con) == "no sentinel has run yet; 0 of 2 tries since"
    drifter.try_(), drifter.try_()
    first = drifter.until_sentinel(1)
    assert drift_page.words(drifter.lab, con).startswith(f"last sentinel {first.id} at ")
    assert f"| {first.id} |" in drift_page.page(drifter.lab, con) and "cpu:0" in drift_page.page(drifter.lab, con)
    assert drifting.tries_since(con) == 0
