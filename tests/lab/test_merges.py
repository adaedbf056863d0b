"""Merges: killed at each point, a ref that somebody else moved, conflicts, re-checks, recipes merged key by key."""

from collections.abc import Callable

import pytest
from laboratory import Laboratory, git
from played import Played, better, set_rung

from org.lab import collect, pools, programs
from org.lab.merging import heads
from org.model.errors import Refused
from org.model.experiment import State
from org.model.merge import Merge
from org.model.merge import State as MergeState
from org.model.program import State as ProgramState
from org.model.run import Purpose
from org.store import experiments, mail, reads
from org.store.tables import EXPERIMENTS, MERGES, POOLS, PROGRAMS, SLOTS
from org.workspace import refs, snapshots

BRANCH = "org/test/program/free"


def test_a_spent_program_that_is_closed_does_not_cancel_a_merge_that_was_begun(played: Played) -> None:
    id = better(played, lr=0.3)
    intend(played, id)
    con = played.lab.ledger.reader
    with played.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, "free", state=ProgramState.CLOSED, allowance={"device_hours": 1e-9})
    programs.settle_allowances(played.lab, played.now())
    assert played.experiment(id).state is State.QUEUED
    assert heads.settle_intents(played.lab, played.now()) == [id]
    assert played.experiment(id).state is State.MERGED and not MERGES.count(con, "WHERE state = 'intent'")


def intend(lab: Played, id: str) -> Merge:
    """What is there when the supervisor is killed between the intent and the ref."""
    with lab.lab.ledger.transaction() as tx:
        experiment = experiments.in_state(tx, State.QUEUED)[0]
        assert experiment.id == id
        program = PROGRAMS.get(tx, "free")
        new = git(lab.lab.layout.root, "commit-tree", experiment.run_tree, "-p", str(program.head_commit), "-m", id)
        made = Merge(
            MERGES.next_id(tx), id, "free", refs.full(BRANCH), str(program.head_commit), new, experiment.run_tree,
            MergeState.INTENT, lab.now(),
        )  # fmt: skip
        MERGES.insert(tx, made)
    return made


def merged_once(lab: Played, id: str) -> None:
    after, program = lab.experiment(id), PROGRAMS.get(lab.lab.ledger.reader, "free")
    assert after.state is State.MERGED
    assert program.head_commit == after.merged_commit == refs.head(lab.lab.git, BRANCH)
    done = MERGES.select(lab.lab.ledger.reader, "WHERE state = 'done'")
    assert [m.experiment for m in done] == [id]
    letters = [m for m in mail.of_reader(lab.lab.ledger.reader, "junior-1") if "merged" in m.subject]
    assert len(letters) == 1
    assert len(POOLS.select(lab.lab.ledger.reader, "WHERE tree = ?", done[0].tree)) == 1
    line = git(lab.lab.layout.root, "rev-list", "--first-parent", f"main..{BRANCH}").split()
    assert len(line) == 1, "one commit on the head, not two"


@pytest.mark.parametrize("point", ["before the intent", "before the ref moved", "after the ref moved"])
def test_a_merge_that_was_killed_is_finished_once(played: Played, reopened: Callable[[Laboratory], Played], point: str) -> None:
    id = better(played, lr=0.3)
    if point != "before the intent":
        begun = intend(played, id)
        if point == "after the ref moved":
            refs.update(played.lab.git, begun.ref, begun.new, begun.old)
    lab = reopened(played)
    lab.held = True
    lab.ticks(2)
    merged_once(lab, id)
    lab = reopened(lab)
    lab.held = True
    lab.ticks(2)
    merged_once(lab, id)
    lab.lab.ledger.close()


def test_a_merge_that_has_begun_is_not_cancelled(played: Played) -> None:
    """The kill came between intent and ref; a cancel, taken first at the next start, would leave the intent for ever."""
    id = better(played, lr=0.3)
    intend(played, id)
    assert "is being merged this moment" in played.ask("cancel", experiment=id).answer
    played.held = True
    played.ticks(1)
    assert played.experiment(id).state is State.MERGED


def test_a_merge_that_has_begun_is_not_declined_by_what_the_config_wants_since(played: Played) -> None:
    id = better(played, lr=0.3)
    begun = intend(played, id)
    lock = played.lab.layout.root / ".git" / f"{begun.ref}.lock"
    lock.touch()
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, id, label="explained by compute", label_detail={"reason": "it spends more"})
        PROGRAMS.update(tx, "free", objective="flops")
    assert played.tick() == ["verdicts"] and played.experiment(id).state is State.QUEUED
    lock.unlink()
    played.ticks(1)
    merged_once(played, id)


def test_a_head_that_somebody_else_moved_pauses_its_program_until_it_is_put_back(played: Played) -> None:
    id = better(played, lr=0.3)
    root = played.lab.layout.root
    ours = git(root, "rev-parse", BRANCH)
    theirs = git(root, "commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    git(root, "update-ref", refs.full(BRANCH), theirs)
    played.held = True
    played.ticks(3)
    program = PROGRAMS.get(played.lab.ledger.reader, "free")
    assert program.state is ProgramState.PAUSED and f"{ours} was expected there, {theirs} is" in program.reason
    assert played.experiment(id).state is State.QUEUED and not MERGES.select(played.lab.ledger.reader)
    letters = [m for m in mail.of_reader(played.lab.ledger.reader, "human") if "moved by somebody else" in m.subject]
    assert len(letters) == 1 and "`org resume free`" in letters[0].body
    assert refs.head(played.lab.git, BRANCH) == theirs, "a person's work is never overwritten"
    git(root, "update-ref", refs.full(BRANCH), ours)
    played.ask("resume", target="free")
    played.ticks(1)
    merged_once(played, id)


def test_in_a_closed_program_a_moved_head_ends_what_waits_for_it(played: Played) -> None:
    id = better(played, lr=0.3)
    root = played.lab.layout.root
    git(root, "update-ref", "-d", refs.full(BRANCH))
    played.ask("program", slug="free", what="close")
    played.held = True
    played.ticks(2)
    after = played.experiment(id)
    assert after.state is State.NOT_MERGED and after.reason.endswith("nothing is")


def test_a_ref_moved_between_intent_and_update_drops_the_merge(played: Played) -> None:
    id = better(played, lr=0.3)
    begun = intend(played, id)
    theirs = git(played.lab.layout.root, "commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    git(played.lab.layout.root, "update-ref", begun.ref, theirs)
    played.held = True
    played.ticks(2)
    assert [m.state for m in MERGES.select(played.lab.ledger.reader)] == ["dropped"]
    assert PROGRAMS.get(played.lab.ledger.reader, "free").state is ProgramState.PAUSED
    letters = [m.subject for m in mail.of_reader(played.lab.ledger.reader, "human")]
    assert letters and all("moved by somebody else" in s for s in letters)


def test_a_conflict_goes_back_to_its_author_with_both_values(played: Played) -> None:
    one, two = better(played, lr=0.3), better(played, "junior-2", lr=0.4)
    played.until(played.settled(one, two))
    assert played.experiment(one).state is State.MERGED
    after = played.experiment(two)
    assert after.state is State.CONFLICT and "lr: ours 0.3, theirs 0.4, before 0.2" in after.reason
    assert any("conflict" in m.subject for m in mail.of_reader(played.lab.ledger.reader, "junior-2"))


def test_recipes_of_two_juniors_merge_key_by_key_after_four_runs_on_the_moved_head(played: Played) -> None:
    one, two = better(played, lr=0.3), better(played, "junior-2", degree=4)
    played.held = True
    played.ticks(2)
    played.held = False
    rebased = played.experiment(two)
    assert rebased.merge_tree is not None
    played.gains[rebased.merge_tree] = 0.2
    played.until(played.settled(one, two))
    after = played.experiment(two)
    assert after.state is State.MERGED
    recipe = git(played.lab.layout.root, "show", f"{after.merged_commit}:fit/recipe.yaml")
    assert "lr: 0.3" in recipe and "degree: 4" in recipe
    rechecks = [r for r in played.runs(two) if r.purpose is Purpose.RECHECK]
    assert [r.slot for r in rechecks] == [0, 1, 2, 3] and {r.tree for r in rechecks} == {rebased.merge_tree}
    page = played.lab.layout.page(two).read_text()
    base = {(p, r.slot): r.metric for p in {x.pool for x in played.runs(two)} if p
            for r in reads.pool_runs(played.lab.ledger.reader, p)}  # fmt: skip
    for run in rechecks:
        row = next(line for line in page.splitlines() if f"| {run.id} |" in line)
        assert f"{base[run.pool, run.slot]:.4f}" in row, "a re-check is shown beside the moved head's run, not the old base's"
    race = next(r for r in played.runs(two) if r.purpose is Purpose.RACE)
    row = next(line for line in page.splitlines() if f"| {race.id} |" in line)
    assert f"{base[race.pool, race.slot]:.4f}" in row


def test_a_change_that_is_not_better_on_the_moved_head_is_not_merged(played: Played) -> None:
    one, two = better(played, lr=0.3), better(played, "junior-2", degree=4)
    played.held = True
    played.ticks(2)
    played.held = False
    played.gains[str(played.experiment(two).merge_tree)] = 0.0
    played.until(played.settled(one, two))
    after = played.experiment(two)
    assert after.state is State.NOT_MERGED and "on the moved head it is not better enough" in after.reason


def test_a_branch_that_goes_on_from_a_merged_tip_instead_of_the_head_is_refused(played: Played) -> None:
    id = better(played, lr=0.3)
    played.held = True
    played.ticks(1)
    assert played.experiment(id).state is State.MERGED
    path = played.lab.layout.worktree("junior-1")
    (path / "fit/model.py").write_text((path / "fit/model.py").read_text() + "\n# more\n")
    git(path, "commit", "-q", "-a", "-m", "goes on")
    with pytest.raises(Refused, match="does not start at a head of free"):
        played.propose("junior-1")


def test_a_paused_programs_head_does_not_move(played: Played) -> None:
    id = better(played, lr=0.3)
    played.ask("pause", target="free")
    played.ticks(2)
    assert played.experiment(id).state is State.QUEUED
    played.ask("resume", target="free")
    played.ticks(1)
    assert played.experiment(id).state is State.MERGED


def test_an_edited_task_repeats_the_recheck_against_a_pool_of_today(played: Played) -> None:
    one, two = better(played, lr=0.3), better(played, "junior-2", degree=4)
    played.held = True
    played.ticks(2)
    first = played.experiment(two)
    assert first.merge_tree is not None and played.experiment(one).state is State.MERGED
    played.gains[first.merge_tree] = 0.3
    set_rung(played, run_budget="300step")
    played.held = False
    played.until(played.settled(two))
    after = played.experiment(two)
    assert after.state is State.MERGED and after.pool != first.pool
    new = POOLS.select(played.lab.ledger.reader, "WHERE tree = ?", first.merge_tree)[-1]
    assert {r.budget for r in reads.pool_runs(played.lab.ledger.reader, new.id)} == {"300step"}


def test_a_full_pool_of_three_is_not_run_again_for_a_recheck_and_holds_three_fresh_seeds(played: Played) -> None:
    one, two = better(played, lr=0.3), better(played, "junior-2", degree=4)
    set_rung(played, pool=3)
    played.held = True
    played.ticks(1)
    assert played.experiment(one).state is State.MERGED
    with played.lab.ledger.transaction() as tx:
        pool = pools.of_tree(played.lab, tx, heads.tree(played.lab, PROGRAMS.get(tx, "free")), played.now())
        assert SLOTS.count(tx, "WHERE pool = ?", pool.id) == 0, "runs that were selected fill none of them"
        asked = pools.queue_runs(played.lab, tx, pool, 3, played.now(), "free")
    for run in asked:
        played.start(run)
        played.end(run)
    collect.step(played.lab, played.now())
    played.ticks(1)
    mine = [run.purpose for run in played.runs(two) if run.pool == pool.id]
    assert mine == [Purpose.RECHECK] * played.lab.protocol.recheck.runs


def test_settling_without_intents_does_nothing(played: Played) -> None:
    assert heads.settle_intents(played.lab, played.now()) == []
    assert snapshots.tree_of(played.lab.git, "main")
