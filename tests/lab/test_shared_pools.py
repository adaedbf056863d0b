"""Programs with one head share its pool: what one asked for and may not pay any more is the next one's."""

from collections.abc import Callable

import pytest
from played import Played, set_rung

from org.config.ladder import LEAST_SEEDS
from org.lab import pools, programs
from org.lab.merging import heads
from org.model.experiment import State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.store import agents, runs
from org.store.tables import PROGRAMS, RUNS, SLOTS


@pytest.fixture
def shared(played: Played) -> Played:
    """Two programs with one head; junior-1 is on "other", junior-2 on "free"; a pool of three."""
    set_rung(played, pool=3)
    played.program("other")
    with played.lab.ledger.transaction() as tx:
        agents.assign(tx, "junior-2", "free", played.now(), "test")
    return played


def ask(lab: Played, program: str | None, count: int, experiment: str | None = None) -> list[Run]:
    with lab.lab.ledger.transaction() as tx:
        pool = pools.of_tree(lab.lab, tx, heads.tree(lab.lab, PROGRAMS.get(tx, "free")), lab.now())
        return pools.queue_runs(lab.lab, tx, pool, count, lab.now(), program, experiment)


def pause(lab: Played, slug: str) -> None:
    programs.pause(lab.lab, slug, lab.now(), "human", "later")


def spend(lab: Played, slug: str) -> None:
    with lab.lab.ledger.transaction() as tx:
        PROGRAMS.update(tx, slug, allowance={"device_hours": 0.0})


def test_runs_of_one_seed_fill_one_of_the_seeds_that_may_be_carried_over(played: Played) -> None:
    """A race and its re-check may both have run a seed."""
    with played.lab.ledger.transaction() as tx:
        head = heads.tree(played.lab, PROGRAMS.get(tx, "free"))
        new = pools.of_tree(played.lab, tx, "1" * 40, played.now())
        tried = [
            runs.queue(tx, Run("", Purpose.RACE, RunState.QUEUED, head, 1, slot, 0, None, new.budget, played.now()))
            for slot in (0, 0, 1, 2, 3, 4, 5, 6)
        ]
        carried = pools.carry_over(played.lab, tx, new, tried, played.now())
        assert carried == SLOTS.count(tx, "WHERE pool = ?", new.id) == 8 - LEAST_SEEDS


@pytest.mark.parametrize("stop", [pause, spend])
def test_queued_runs_of_a_program_that_may_not_spend_go_to_who_asks_next(
    shared: Played, stop: Callable[[Played, str], None]
) -> None:
    asked = ask(shared, "other", 3, "E1")
    assert ask(shared, "free", 3, "E2") == [], "they are being run"
    stop(shared, "other")
    taken = ask(shared, "free", 2, "E2")
    assert [run.id for run in taken] == [run.id for run in asked[:2]]
    assert [(run.program, run.experiment) for run in shared.queued()] == [("free", "E2"), ("free", "E2"), ("other", "E1")]


def test_a_program_that_may_not_spend_takes_nothing(shared: Played) -> None:
    ask(shared, "other", 3)
    pause(shared, "other")
    pause(shared, "free")
    assert ask(shared, "free", 3) == [] and {run.program for run in shared.queued()} == {"other"}


def test_the_lab_takes_them_for_itself(shared: Played) -> None:
    ask(shared, "other", 3)
    pause(shared, "other")
    assert len(ask(shared, None, 3)) == 3 and {run.program for run in shared.queued()} == {None}


def test_what_runs_already_is_waited_for(shared: Played) -> None:
    first, *_ = ask(shared, "other", 3)
    shared.start(first)
    pause(shared, "other")
    assert first.id not in [run.id for run in ask(shared, "free", 3)]
    assert RUNS.get(shared.lab.ledger.reader, first.id).program == "other"


def test_a_race_of_an_open_program_goes_on_when_its_neighbour_is_paused(shared: Played) -> None:
    shared.held = True
    first = shared.change("junior-1", 0.1, lr=0.3)
    second = shared.change("junior-2", 0.1, lr=0.4)
    assert (first.program, second.program) == ("other", "free") and first.base_tree == second.base_tree
    shared.ticks(1)
    ask(shared, "other", 3, first.id)
    pause(shared, "other")
    shared.held = False
    for _ in range(60):
        shared.ticks(1)
        if shared.settled(second.id)():
            break
    assert shared.settled(second.id)(), shared.queued()
    assert shared.experiment(first.id).state is State.RACING
    mine = [run for run in RUNS.select(shared.lab.ledger.reader) if run.purpose is Purpose.POOL]
    slots = [run.slot for run in mine if run.tree == second.base_tree]
    assert len(slots) == len(set(slots)), "no run is doubled"
