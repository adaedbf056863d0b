"""A merge taken out again: the commit, the states, what is measured, what stands in the way, kills in between."""

from collections.abc import Callable

import pytest
from click.testing import Result
from heads_of import Heads
from laboratory import Laboratory, git
from test_stacks import opened

from org.lab import programs
from org.lab.drift import freezing, reopening
from org.lab.merging import revert
from org.lab.studies import certificate
from org.lab.verdicts import findings
from org.model.experiment import Event, Experiment, State
from org.model.merge import Kind as Move
from org.model.merge import State as MoveState
from org.model.request import State as Asked
from org.model.study import Kind
from org.model.study import State as StudyState
from org.store import experiments, mail, meta, reads, studies
from org.store.tables import EXPERIMENTS, MERGES, PROGRAMS
from org.workspace import refs

Say = Callable[..., Result]
Reopen = Callable[[Laboratory], Heads]


def take_out(lab: Heads, id: str, why: str = "it breaks the export") -> str:
    return lab.request("revert", experiment=id, why=why).answer


def test_a_reverted_merge_is_out_of_the_head_by_a_new_commit(played: Heads, say: Say) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    before = played.head()
    assert "E1 is taken out of the head of free; 4 runs say what was lost" in take_out(played, first.id)
    assert played.recipe_at(played.head()) | {"degree": 4} == {"lr": 0.2, "degree": 4, "decay": 0.0, "unused": 1, "pause": 0.0}
    root = played.lab.layout.root
    assert git(root, "rev-parse", f"{played.head()}^") == before
    told = git(root, "log", "-1", "--format=%an%n%B", played.head())
    assert told.startswith("org\nRevert E1: lr = 0.3") and "it breaks the export" in told and str(first.merged_commit) in told
    after = played.experiment(first.id)
    assert after.state is State.REVERTED and after.reason == "taken out by human: it breaks the export"
    assert played.experiment(second.id).state is State.MERGED
    assert any(m.subject.startswith("E1 reverted") for m in mail.of_reader(played.lab.ledger.reader, "junior-1"))


def test_what_is_lost_is_measured_by_four_runs_and_told(played: Heads) -> None:
    first = played.merged(lr=0.3)
    played.merged(degree=4)
    take_out(played, first.id)
    study = studies.open_(played.lab.ledger.reader, Kind.REVERT)[0]
    found = played.settle(study.id)
    assert found.outcome["effect"] == pytest.approx(0.1, abs=0.02) and "it carried a gain that is lost now" in found.reason
    mine = studies.runs_of(played.lab.ledger.reader, study.id)
    assert len([r for r in mine if r.tree == study.plan["after"]]) == 4
    pool = [r.id for r in reads.pool_runs(played.lab.ledger.reader, study.plan["pool_after"])]
    assert {r.id for r in mine if r.tree == study.plan["after"]} <= set(pool), "they are the new head's pool"
    assert any("it carried a gain" in m.body for m in mail.of_reader(played.lab.ledger.reader, "human"))


def test_what_was_reverted_is_no_finding_and_has_no_certificate_to_come(played: Heads, say: Say) -> None:
    first = played.merged(lr=0.3)
    with played.lab.ledger.transaction() as tx:
        asked = certificate.ask(played.lab, tx, first.id, "human", played.now())
    take_out(played, first.id)
    assert played.study(asked.id).state is StudyState.CANCELLED
    assert not findings.of(played.lab, played.lab.ledger.reader, every=True).found
    played.ticks(2)
    assert "Taken out of the head again" in played.lab.layout.page(first.id).read_text()
    refused = say(played, "certify", first.id)
    assert refused.exit_code != 0 and "reverted" in str(refused.exception)


def test_a_key_that_a_later_merge_changed_too_is_a_conflict_that_names_it(played: Heads, say: Say) -> None:
    first = played.merged(lr=0.3)
    later = played.merged(0.2, lr=0.4)
    refused = say(played, "revert", first.id, "--why", "no")
    words = str(refused.exception)
    assert refused.exit_code != 0 and "lr: now 0.4, before it 0.2, with it 0.3" in words and f"take {later.id} out first" in words
    answer = played.request("revert", experiment=first.id, why="no")
    assert answer.state is Asked.REFUSED and played.experiment(first.id).state is State.MERGED


def test_only_its_author_the_chief_and_a_person_take_a_merge_out(played: Heads) -> None:
    first = played.merged(lr=0.3)
    assert "is not yours to take out" in played.request("revert", "junior-2", experiment=first.id, why="mine is nicer").answer
    assert "is taken out" in played.request("revert", "junior-1", experiment=first.id, why="I was wrong").answer


def test_a_merge_that_no_longer_holds_is_taken_out_too(played: Heads) -> None:
    first = played.merged(lr=0.3)
    with played.lab.ledger.transaction() as tx:
        for event in (Event.REOPEN, Event.RACE, Event.DISCARD):
            experiments.move(tx, first.id, event, played.now(), reason="a drift")
    assert "is taken out" in take_out(played, first.id) and played.experiment(first.id).state is State.REVERTED


def test_a_merge_that_is_raced_again_in_a_closed_and_spent_program_is_told_and_taken_out(played: Heads) -> None:
    first = raced_again(played)
    programs.close(played.lab, "free", played.now(), "human", "done")
    with played.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", allowance={"device_hours": 1e-9})
    played.ticks(1)
    after = played.experiment(first.id)
    assert after.state is State.CANCELLED and not played.queued()
    assert after.reason.endswith(f"its code is still in the head: `org revert {first.id}` takes it out"), after.reason
    assert [m for m in mail.of_reader(played.lab.ledger.reader, "human") if m.subject.startswith(f"{first.id} is in the head")]
    assert "is taken out" in take_out(played, first.id) and played.experiment(first.id).state is State.REVERTED
    assert played.tick() == []


@pytest.mark.parametrize("ended", [Event.CANCEL, Event.VETO, Event.WITHDRAW])
def test_a_merge_whose_second_race_was_stopped_is_taken_out_too(played: Heads, ended: Event) -> None:
    first = raced_again(played)
    with played.lab.ledger.transaction() as tx:
        experiments.move(tx, first.id, ended, played.now())
    plan = revert.check(played.lab, first.id)[0]
    with played.lab.ledger.transaction() as tx:
        revert._intend(played.lab, tx, first, plan, "a reason", "human", played.now())
    assert played.tick() == [] and played.experiment(first.id).state is State.REVERTED, "also where it was begun before"


def test_what_cannot_move_to_reverted_is_refused_before_anything_is_begun(played: Heads) -> None:
    first = played.merged(lr=0.3)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, first.id, state=State.CONFLICT)
    head = played.head()
    answer = played.request("revert", experiment=first.id, why="no")
    assert answer.state is Asked.REFUSED and "conflict" in answer.answer
    assert played.head() == head and not MERGES.count(played.lab.ledger.reader, "WHERE kind = 'revert'")


def raced_again(lab: Heads) -> Experiment:
    """A merge that a drift opened again; its race waits for devices."""
    first = lab.merged(lr=0.3)
    freeze = freezing.Freeze("S1", first.base_tree, "", "the devices drifted", "")
    with lab.lab.ledger.transaction() as tx:
        reopening.reopen(lab.lab, tx, first, freeze, lab.now())
        meta.put(tx, "drift_epoch", "1")
    lab.held = True
    lab.ticks(1)
    assert lab.experiment(first.id).state is State.RACING
    return lab.experiment(first.id)


def test_what_is_in_no_head_is_refused(played: Heads) -> None:
    made = played.recipe("junior-1", lr=0.3)
    assert "E1 is proposed, in no head" in take_out(played, made.id)


def test_a_merge_in_the_labs_head_leaves_both_heads(played: Heads) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    played.request("stack", programs=[], why="")
    stack = played.settle(opened(played))
    assert stack.outcome["taken"] == [first.id, second.id]
    assert "of free and the lab" in take_out(played, first.id)
    for commit in (played.head(), played.lab_head()):
        assert played.recipe_at(commit)["lr"] == 0.2 and played.recipe_at(commit)["degree"] == 4
    con = played.lab.ledger.reader
    assert [s.plan["where"] for s in studies.open_(con, Kind.REVERT)] == ["free"], "both heads run the same: measured once"
    assert reads.in_lab_head(con) == {second.id: stack.id}


@pytest.mark.parametrize("point", ["before the ref moved", "after the ref moved"])
def test_a_revert_that_was_killed_is_finished_once(played: Heads, reopened: Reopen, point: str) -> None:
    first = played.merged(lr=0.3)
    plan = revert.check(played.lab, first.id)[0]
    with played.lab.ledger.transaction() as tx:
        begun = revert._intend(played.lab, tx, first, plan, "a reason", "human", played.now())
    if point == "after the ref moved":
        refs.update(played.lab.git, begun.ref, begun.new, begun.old)
    lab = reopened(played)
    for _ in range(2):
        lab.ticks(2)
        con = lab.lab.ledger.reader
        assert lab.head() == begun.new and lab.experiment(first.id).state is State.REVERTED
        moves = MERGES.select(con, "WHERE state = 'done' ORDER BY id")
        assert [m.kind for m in moves] == [Move.MERGE, Move.REVERT]
        assert len(studies.of_subject(con, Kind.REVERT, first.id)) == 1
        assert take_out(lab, first.id).startswith("E1 is out of the head; "), "asked again, it is not taken out twice"
        lab = reopened(lab)
    lab.lab.ledger.close()


def test_a_branch_that_somebody_moved_is_not_reverted_on(played: Heads) -> None:
    first = played.merged(lr=0.3)
    theirs = git(played.lab.layout.root, "commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    git(played.lab.layout.root, "update-ref", "refs/heads/org/test/program/free", theirs)
    assert "moved by somebody else" in take_out(played, first.id)
    assert not MERGES.count(played.lab.ledger.reader, "WHERE kind = 'revert'")


def test_a_queued_change_is_checked_again_on_the_head_without_the_merge(played: Heads) -> None:
    first = played.merged(lr=0.3)
    played.effects["degree", 4] = 0.1
    made = played.recipe("junior-2", degree=4)
    played.run_until(lambda: played.experiment(made.id).decision.get("candidate_runs"))
    take_out(played, first.id)
    played.run_until(lambda: not played.experiment(made.id).is_open)
    assert played.experiment(made.id).state is State.MERGED
    assert played.recipe_at(played.head())["lr"] == 0.2 and played.recipe_at(played.head())["degree"] == 4
    assert MERGES.count(played.lab.ledger.reader, "WHERE state = ?", MoveState.DROPPED.value) == 0
    assert PROGRAMS.get(played.lab.ledger.reader, "free").head_commit == played.head()
