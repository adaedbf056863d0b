"""The lab's head: merges measured together, what falls short taken apart, moves that survive a kill."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from heads_of import Heads
from laboratory import Laboratory, git
from played import crash, set_rung

from org.comms import stacks as pages
from org.lab import programs
from org.lab.merging import heads, stacks
from org.lab.studies import engine
from org.model.brief import Brief
from org.model.experiment import Event
from org.model.merge import Kind as Move
from org.model.run import Purpose
from org.model.run import State as RunState
from org.model.study import Kind, State
from org.store import experiments, mail, reads, studies
from org.store.tables import EXPERIMENTS, MERGES, POOLS, PROGRAMS, SLOTS
from org.workspace import refs

Say = Callable[..., Result]
Reopen = Callable[[Laboratory], Heads]


def opened(lab: Heads) -> str:
    """The stack that is being measured."""
    found = studies.open_(lab.lab.ledger.reader, Kind.STACK)
    assert len(found) == 1, found
    return found[0].id


def four(lab: Heads) -> list[str]:
    values = [{"lr": 0.3}, {"degree": 4}, {"decay": 0.01}, {"unused": 2}]
    return [lab.merged(**value).id for value in values]


def test_the_fourth_merge_of_a_program_brings_the_four_into_the_labs_head_as_one(played: Heads) -> None:
    root = played.lab_head()
    ids = four(played)
    assert played.lab_head() == root, "nothing enters before it is measured as one"
    played.ticks(1)
    found = played.settle(opened(played))
    assert found.state is State.DONE and found.outcome["taken"] == ids, found.reason
    assert played.recipe_at(played.lab_head()) == {"lr": 0.3, "degree": 4, "decay": 0.01, "unused": 2, "pause": 0.0}
    mine = [r for r in studies.runs_of(played.lab.ledger.reader, found.id) if r.tree == found.plan["stack"]]
    assert len(mine) == 4 and {r.slot for r in mine} == {4, 5, 6, 7}, "the seeds that selected least"
    assert found.outcome["gain"] == pytest.approx(0.4, abs=0.02)
    played.ticks(3)
    assert not studies.open_(played.lab.ledger.reader, Kind.STACK), "once"


def test_the_stacks_runs_are_the_new_heads_pool_and_new_programs_open_from_it(played: Heads) -> None:
    four(played)
    played.ticks(1)
    found = played.settle(opened(played))
    con = played.lab.ledger.reader
    pool = POOLS.select(con, "WHERE tree = ?", found.plan["stack"])[-1]
    assert SLOTS.count(con, "WHERE pool = ?", pool.id) >= 4
    with played.lab.ledger.transaction() as tx:
        brief = Brief(slug="next", title="next", question="What else?", body="…")
        programs.note(tx, brief, played.lab.config.task.editable, "test", played.now())
    assert (
        programs.open_(played.lab, "next", played.now(), "test").root_commit
        == played.lab_head()
        != refs.head(played.lab.git, "main")
    )


def test_a_change_that_does_harm_beside_the_others_stays_out_and_is_told(played: Heads) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    played.effects["lr", 0.3, "degree", 4] = -0.15  # since then: together they gain less than one alone
    assert "E1, E2 on the lab's head" in played.request("stack", programs=["free"], why="the week's work").answer
    found = played.settle(opened(played))
    assert found.state is State.DONE and [name for name, _ in found.plan["dropped"]] in ([first.id], [second.id]), found.reason
    dropped = found.plan["dropped"][0][0]
    kept = {first.id, second.id} - {dropped}
    assert set(found.outcome["taken"]) == kept and "without" in found.reason
    assert found.outcome["gain"] == pytest.approx(0.1, abs=0.02), "what is reported is what the rest gains, not the sum"
    letter = next(m for m in mail.of_reader(played.lab.ledger.reader, "human") if m.subject.startswith(found.id))
    assert f"`org revert {dropped}" in letter.body
    played.request("program", slug="free", what="close")
    played.ticks(2)
    assert not studies.open_(played.lab.ledger.reader, Kind.STACK), "what was left out is not tried again by itself"


def test_a_stack_that_is_not_better_stays_out_of_the_head(played: Heads) -> None:
    played.merged(lr=0.3)
    played.effects["lr", 0.3] = -0.05
    root = played.lab_head()
    played.request("stack", programs=[], why="")
    found = played.settle(opened(played))
    assert found.outcome["taken"] == [] and "not into the lab's head" in found.reason and played.lab_head() == root


def test_closing_a_program_brings_what_it_merged(played: Heads) -> None:
    one = played.merged(lr=0.3)
    played.ticks(2)
    assert not studies.open_(played.lab.ledger.reader, Kind.STACK)
    played.request("program", slug="free", what="close")
    played.ticks(1)
    assert played.settle(opened(played)).outcome["taken"] == [one.id]


def test_more_changes_than_one_stack_takes_enter_one_by_one(played: Heads) -> None:
    four(played)
    played.ticks(1)
    first = opened(played)
    with played.lab.ledger.transaction() as tx:
        engine.cancel(tx, studies.open_(tx, Kind.STACK)[0], "a test", played.now())
    played.held = True
    con = played.lab.ledger.reader
    with played.lab.ledger.transaction() as tx:  # a fifth merge meanwhile
        merges = reads.merges(con)
        stacks._open(played.lab, tx, [*merges, merges[0]], "human", "", played.now())
    found = studies.open_(con, Kind.STACK)[0]
    assert found.id != first and found.plan["experiments"] == ["E1"]
    assert stacks.standing(played.lab, con).asked == ("E2, E3, E4, E1",)


def intended(lab: Heads) -> None:
    """Until the stack is decided; nothing carries the move out."""
    id = opened(lab)
    while lab.study(id).state is State.OPEN:
        lab.ticks(1)
    assert MERGES.count(lab.lab.ledger.reader, "WHERE kind = 'stack' AND state = 'intent'") == 1


@pytest.mark.parametrize("point", ["before the ref moved", "after the ref moved"])
def test_a_stack_that_was_killed_enters_once(played: Heads, reopened: Reopen, point: str) -> None:
    one = played.merged(lr=0.3)
    played.request("stack", programs=[], why="")
    intended(played)
    begun = MERGES.select(played.lab.ledger.reader, "WHERE kind = 'stack'")[0]
    if point == "after the ref moved":
        refs.update(played.lab.git, begun.ref, begun.new, begun.old)
    lab = reopened(played)
    for _ in range(2):
        lab.ticks(2)
        con = lab.lab.ledger.reader
        assert lab.lab_head() == begun.new == heads.of_lab(lab.lab, con) and reads.in_lab_head(con) == {one.id: begun.experiment}
        assert [m.kind for m in MERGES.select(con, "WHERE state = 'done' ORDER BY id")] == [Move.MERGE, Move.STACK]
        assert len(git(lab.lab.layout.root, "rev-list", "main..org/test/head").split()) == 1
        assert reads.merged_count(con) == 1, "a stack is no merge of its own"
        lab = reopened(lab)
    lab.lab.ledger.close()


def test_a_head_that_a_person_moved_takes_no_stack_and_is_told_once(played: Heads) -> None:
    played.merged(lr=0.3)
    root = played.lab.layout.root
    theirs = git(root, "commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    git(root, "update-ref", "refs/heads/org/test/head", theirs)
    assert "was moved by somebody else" in played.request("stack", programs=[], why="").answer
    played.request("program", slug="free", what="close")
    played.ticks(3)
    assert not studies.open_(played.lab.ledger.reader, Kind.STACK) and played.lab_head() == theirs
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "human") if "lab's head was moved" in m.subject]
    assert len(letters) == 1


def test_a_stack_that_does_not_run_fails_with_the_runs_reason(played: Heads) -> None:
    played.merged(lr=0.3)
    played.ends = lambda run: crash(run, "out of memory") if run.purpose is Purpose.STUDY else None
    played.request("stack", programs=[], why="")
    found = played.settle(opened(played))
    assert found.state is State.FAILED and "out of memory" in found.reason
    assert sum(r.state is RunState.FAILED for r in studies.runs_of(played.lab.ledger.reader, found.id)) >= 2


def test_a_change_that_needs_another_enters_with_it_though_it_falls_short(played: Heads) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    played.effects["lr", 0.3, "degree", 4] = -0.08  # since then: less than the sum
    played.request("stack", programs=[], why="")
    bad = played.study(opened(played)).plan["without"][first.id]["tree"]
    played.ends = lambda run: crash(run, "name 'x' is not defined") if run.tree == bad else None
    found = played.settle(opened(played))
    assert found.outcome["taken"] == [first.id, second.id] and not found.plan["dropped"], found.reason
    assert f"without {first.id} it does not run" in found.reason
    assert sum(run.tree == bad for run in studies.runs_of(played.lab.ledger.reader, found.id)) == 4, "each of two seeds once more"


def test_a_change_that_cannot_stand_alone_adds_nothing_to_the_sum(played: Heads) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, second.id, pool=None)  # what it gained was measured elsewhere
    played.request("stack", programs=[], why="")
    plan = played.study(opened(played)).plan
    alone = plan["alone"][second.id]
    played.ends = lambda run: crash(run, "name 'x' is not defined") if run.tree == alone else None
    found = played.settle(opened(played))
    assert found.outcome["taken"] == [first.id, second.id], found.reason
    assert found.outcome["expected"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("gains", [0.5, -0.05])
def test_a_small_pool_is_enough_for_a_stack(played: Heads, gains: float) -> None:
    set_rung(played, pool=3)
    one = played.merged(gain=0.5, lr=0.3)
    played.effects["lr", 0.3] = gains
    played.request("stack", programs=[], why="")
    found = played.settle(opened(played))
    assert found.outcome["gain"] == pytest.approx(gains, abs=0.02) and found.outcome["runs"] == 3
    assert found.outcome["taken"] == ([one.id] if gains > 0 else []), found.reason


def test_programs_are_stacked_as_wholes_when_their_merges_are_too_many(played: Heads) -> None:
    four(played)
    with played.lab.ledger.transaction() as tx:
        for study in studies.open_(tx, Kind.STACK):
            engine.cancel(tx, study, "a test", played.now())
        PROGRAMS.update(tx, "free", state="paused")
    played.program("other")
    played.merged(lr=0.5)
    with played.lab.ledger.transaction() as tx:
        for study in studies.open_(tx, Kind.STACK):
            engine.cancel(tx, study, "a test", played.now())
        made = stacks._open(played.lab, tx, reads.merges(tx), "human", "", played.now())
    assert made is not None and made.subject == "free, other"
    assert [unit["name"] for unit in made.plan["units"]] == ["free"]
    assert "lr: ours 0.3, theirs 0.5" in made.plan["left"]["other"]
    assert made.plan["units"][0]["gain"] == pytest.approx(0.4, abs=0.03)


def test_the_list_shows_what_is_in_the_head_and_what_waits(played: Heads, say: Say) -> None:
    assert "its root" in say(played, "stack", "--list").output
    played.merged(lr=0.3)
    played.request("stack", programs=[], why="")
    played.settle(opened(played))
    second = played.merged(degree=4)
    told = say(played, "stack", "--list").output
    assert "1 merge in it" in told and "in the lab's head" in told and f"free: {second.id}" in told
    read = json.loads(say(played, "stack", "--json").output)
    assert read["inside"] == {"E1": "S1"} and read["waiting"] == {"free": [second.id]}
    assert "queued as request" in say(played, "stack", "free", "--why", "now").output


def test_only_the_gain_of_the_stack_is_reported_of_what_is_in_it(played: Heads, say: Say) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    played.request("stack", programs=[], why="")
    id = played.settle(opened(played)).id
    with played.lab.ledger.transaction() as tx:
        experiments.move(tx, first.id, Event.CERTIFY, played.now())
    together = pages.of(played.lab.ledger.reader)[0]
    assert together.members == (first.id, second.id) and together.expected == pytest.approx(0.2, abs=0.02)
    claim = json.loads(say(played, "findings", "--json").output)["found"][0]["claim"]
    assert claim == f"it is in {id}: {together.words}; its own gain is not reported"
    assert f"{id} in the lab's head (E1, E2)" in say(played, "findings").output
    assert f"| {id} | E1, E2 | {together.gain:+.4f} | {together.shrunk:+.4f} |" in pages.standing(played.lab.ledger.reader)
    played.ticks(1)
    for text in (played.lab.layout.page(second.id).read_text(), say(played, "explain", second.id).output):
        assert f"In the lab's head by {id} with E1: {together.words}" in text
    played.request("revert", experiment=first.id, why="a test")
    assert f"{first.id} was taken out of {id} since" in say(played, "findings", "--all").output


def test_nothing_waits_is_told(played: Heads) -> None:
    assert "nothing waits" in played.request("stack", programs=["free"], why="").answer
