"""Runs that were lost: run again without counting, in races and in headlines."""

from played import Played, crash

from org.lab import pools
from org.lab.merging import headline
from org.lab.verdicts import crashes
from org.model.experiment import State
from org.model.run import Event, Purpose, Run
from org.model.run import State as RunState
from org.store import mail, meta, reads, runs
from org.store.tables import POOLS, RUNS


def lose(lab: Played, run: Run) -> None:
    """What a reboot leaves: a running row, and nobody who keeps it."""
    lab.start(run)
    lab.tick()
    assert RUNS.get(lab.lab.ledger.reader, run.id).state is RunState.LOST


def waiting(lab: Played, purpose: Purpose) -> list[Run]:
    return [run for run in lab.queued() if run.purpose is purpose]


def end_baselines(lab: Played) -> None:
    for run in waiting(lab, Purpose.POOL):
        lab.start(run)
        lab.end(run)
    lab.ticks(1)


def test_three_reboots_are_no_fault_of_the_change(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    end_baselines(played)
    for _ in range(4):
        lose(played, waiting(played, Purpose.RACE)[0])
    played.held = False
    played.until(played.settled(made.id))
    assert played.experiment(made.id).state is State.MERGED
    assert [r.state for r in reads.candidate_runs(played.lab.ledger.reader, made.id)][:5] == [RunState.LOST] * 4 + [
        RunState.SUCCEEDED
    ]


def test_a_change_that_always_ends_its_keeper_does_not_run_for_ever(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    end_baselines(played)
    for _ in range(crashes.LOSSES):
        lose(played, waiting(played, Purpose.RACE)[0])
    after = played.experiment(made.id)
    assert after.state is State.FAILED
    assert after.reason == f"crash: {crashes.LOSSES} runs of one seed in a row were lost: its keeper died"


def headline_of_a_merge(lab: Played) -> None:
    made = lab.change("junior-1", 0.1, lr=0.3)
    lab.until(lab.settled(made.id))
    lab.held = True
    headline.ask(lab.lab, "free", 1, lab.now())


def test_a_headline_gets_its_values_though_its_runs_were_lost_or_cancelled(played: Played) -> None:
    headline_of_a_merge(played)
    root, head = waiting(played, Purpose.FRESH)
    lose(played, root)
    with played.lab.ledger.transaction() as tx:
        runs.move(tx, head.id, Event.CANCEL, played.now(), "its device was taken away")
    played.tick()
    again = waiting(played, Purpose.FRESH)
    assert {(r.tree, r.seed) for r in again} == {(root.tree, root.seed), (head.tree, head.seed)}
    played.ticks(3)
    assert len(waiting(played, Purpose.FRESH)) == 2, "asked for once"
    played.held = False
    played.until(lambda: len(reads.fresh_pairs(played.lab.ledger.reader, "free", root.tree, head.tree)) == 1)


def test_a_fresh_run_that_crashes_twice_is_told_once_and_left(played: Played) -> None:
    headline_of_a_merge(played)
    played.held = False
    played.ends = lambda run: crash(run) if run.purpose is Purpose.FRESH else None
    con = played.lab.ledger.reader
    played.until(lambda: RUNS.count(con, "WHERE purpose = 'fresh' AND state = 'failed'") == 4)
    played.ticks(4)
    assert RUNS.count(con, "WHERE purpose = 'fresh'") == 4, "one retry each"
    told = [m for m in mail.of_reader(con, "human") if "fresh run" in m.subject]
    assert len(told) == 2 and "boom" in told[0].body


def test_a_headline_that_waits_while_the_environment_changes_is_run_in_the_new_one(played: Played) -> None:
    headline_of_a_merge(played)
    con = played.lab.ledger.reader
    before = waiting(played, Purpose.FRESH)
    with played.lab.ledger.transaction() as tx:
        meta.put(tx, "environment", "another")
    played.ticks(2)
    again = waiting(played, Purpose.FRESH)
    assert {(r.tree, r.seed) for r in again} == {(r.tree, r.seed) for r in before} and len(again) == 2
    assert not {r.id for r in before} & {r.id for r in again}
    assert all(pools.is_current(played.lab, con, POOLS.get(con, r.pool)) and POOLS.get(con, r.pool).tree == r.tree for r in again)


def test_an_earlier_head_s_lost_runs_stay_lost(played: Played) -> None:
    headline_of_a_merge(played)
    with played.lab.ledger.transaction() as tx:
        for run in waiting(played, Purpose.FRESH):
            runs.move(tx, run.id, Event.CANCEL, played.now())
        tx.execute("UPDATE runs SET tree = ? WHERE purpose = 'fresh'", ("0" * 40,))
    assert headline.repeat(played.lab, played.now()) == []
