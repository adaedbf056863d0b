"""A row that cannot be moved: what stands behind it goes on all the same, and the failure is told."""

from collections.abc import Callable

import pytest
from click.testing import Result
from heads_of import Heads

from org.lab import pools
from org.lab.apart import Apart, each
from org.lab.merging import heads, revert, roots
from org.model.errors import IllegalMove, OrgError
from org.model.experiment import Experiment, State
from org.model.merge import Kind as Move
from org.model.message import HUMAN
from org.model.program import State as ProgramState
from org.store import events, meta
from org.store.tables import EXPERIMENTS, MERGES, PROGRAMS
from org.workspace import refs


def stuck(lab: Heads, state: State = State.CONFLICT) -> Experiment:
    """A merge whose revert has moved the branch, and which the ledger cannot move after it."""
    first = lab.merged(lr=0.3)
    plan = revert.check(lab.lab, first.id)[0]
    with lab.lab.ledger.transaction() as tx:
        revert._intend(lab.lab, tx, first, plan, "a reason", HUMAN, lab.now())
        EXPERIMENTS.update(tx, first.id, state=state)
    return first


def test_what_stands_behind_a_move_that_cannot_end_goes_on_and_it_is_told(played: Heads) -> None:
    first = stuck(played)
    told: list[str] = []
    played.office.say = told.append  # type: ignore[method-assign]
    made = elsewhere(played)
    assert any(line.startswith(f"{made.id} merged") for line in told)
    assert "Merged" in played.lab.layout.page(made.id).read_text(), "pages are written"
    failure = events.latest(played.lab.ledger.reader, 1, "step-verdicts")[0]
    assert f"{first.id} is conflict" in failure.detail["error"], failure
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, first.id, state=State.MERGED)
    assert played.tick() == [] and played.experiment(first.id).state is State.REVERTED


def elsewhere(lab: Heads) -> Experiment:
    """A change that races and is merged in another program while something in the first one cannot be done."""
    lab.program("other")
    lab.effects["degree", 4] = 0.1
    made = lab.recipe("junior-2", degree=4)
    for _ in range(40):
        if not lab.experiment(made.id).is_open:
            break
        assert lab.tick() == ["verdicts"]
    assert lab.experiment(made.id).state is State.MERGED, lab.experiment(made.id).reason
    return made


def test_a_change_that_cannot_be_merged_is_in_the_way_of_its_own_program_only(played: Heads) -> None:
    made = played.recipe("junior-1", lr=0.3)
    with played.lab.ledger.transaction() as tx:  # under re-check, of no tree
        pool = pools.of_tree(played.lab, tx, made.base_tree, played.now())
        EXPERIMENTS.update(tx, made.id, state=State.QUEUED, label="algorithm", merge_onto=played.head(), pool=pool.id)
    elsewhere(played)
    assert played.experiment(made.id).state is State.QUEUED


def test_a_part_that_fails_stops_neither_the_next_ones_nor_the_pages(played: Heads) -> None:
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "stacks_asked", "[")
    made = played.recipe("junior-1", lr=0.3)
    assert played.tick() == ["verdicts"]
    assert played.experiment(made.id).state is State.RACING and played.lab.layout.page(made.id).exists()


def test_a_program_whose_head_is_being_moved_is_not_taken_for_one_that_somebody_moved(played: Heads) -> None:
    second = played.recipe("junior-2", degree=4)
    stuck(played)
    with played.lab.ledger.transaction() as tx:
        EXPERIMENTS.update(tx, second.id, state=State.QUEUED, label="algorithm")
    assert played.tick() == ["verdicts"]
    assert PROGRAMS.get(played.lab.ledger.reader, "free").state is ProgramState.OPEN
    assert played.experiment(second.id).state is State.QUEUED


def test_of_several_moves_those_that_can_end_do(played: Heads) -> None:
    first, second = played.merged(lr=0.3), played.merged(degree=4)
    with played.lab.ledger.transaction() as tx:
        head = played.head()
        for e in (first, second):
            heads.intend(
                played.lab, tx, Move.REVERT, e.id, "free", head, head, e.run_tree, played.now(), before=e.run_tree, by=HUMAN,
                why="a reason",
            )  # fmt: skip
        EXPERIMENTS.update(tx, first.id, state=State.CONFLICT)
    with pytest.raises(IllegalMove, match=f"{first.id} is conflict"):
        heads.settle_intents(played.lab, played.now())
    kept = Apart()
    assert heads.settle_intents(played.lab, played.now(), kept) == [] and len(kept.errors) == 1
    assert played.experiment(second.id).state is State.REVERTED
    assert MERGES.count(played.lab.ledger.reader, "WHERE state = 'intent'") == 1


def test_a_verb_answers_for_what_it_was_asked_while_another_programs_row_is_stuck(played: Heads) -> None:
    first = stuck(played)
    made = elsewhere(played)
    told = played.request("revert", experiment=made.id, why="it is ugly").answer
    assert told.startswith(f"{made.id} is taken out of the head of other")
    assert first.id not in told and played.experiment(made.id).state is State.REVERTED
    commit = played.persons_commit(pause=0.001)
    told = played.request(
        "root", commit=commit, program="other", why="a new one", task=roots.task_of(played.lab, commit, None)
    ).answer
    assert told.startswith(f"{commit[:12]} is the root of program other")


def test_what_is_stuck_on_the_same_head_is_told_in_words_of_what_was_asked(played: Heads, say: Callable[..., Result]) -> None:
    second = played.merged(degree=4)
    first = stuck(played)
    why = f"nothing was begun for {second.id}: the revert of {first.id} on the same head has begun and cannot end"
    assert why in played.request("revert", experiment=second.id, why="it is ugly").answer
    with played.lab.ledger.transaction() as tx:  # as after a kill in between: the branch has moved, the ledger has not
        begun = MERGES.select(tx, "WHERE state = 'intent'")[0]
        EXPERIMENTS.update(tx, first.id, state=State.MERGED)
    assert refs.head(played.lab.git, begun.ref) == begun.new
    told = say(played, "revert", second.id, "--why", "it is ugly")
    assert f"is being moved: the revert of {first.id} has begun and not ended" in str(told.exception)
    assert played.request("revert", experiment=second.id, why="it is ugly").answer.startswith(f"{second.id} is taken out")


def test_every_error_is_raised_once_all_had_their_turn() -> None:
    done: list[int] = []

    def work(*wrong: int, outer: Apart | None = None) -> None:
        with Apart(outer) as apart:
            for number in range(3):
                with apart.one():
                    if number in wrong:
                        raise OrgError(f"{number}")
                    done.append(number)

    with pytest.raises(ExceptionGroup) as raised:
        work(0, 2)
    assert [str(e) for e in each(raised.value)] == ["0", "2"]
    with pytest.raises(OrgError, match="2"):
        work(2)
    kept = Apart()
    work(0, 2, outer=kept)
    assert done == [1, 0, 1, 1] and [str(e) for e in kept.errors] == ["0", "2"]
