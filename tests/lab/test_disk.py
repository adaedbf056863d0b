"""Disk: what may go, what stays, and when nothing may start."""

from dataclasses import replace

from played import Played

from org.lab import hygiene, schedule
from org.model.pool import Slot
from org.model.run import Purpose
from org.model.run import State as RunState
from org.store import reads, runs
from org.store.tables import SLOTS
from org.workspace import snapshots


def checkpoint(lab: Played, run: str) -> None:
    (lab.lab.layout.run(run) / "checkpoint.bin").write_bytes(b"x" * 100)


def test_a_checkpoint_goes_with_its_result_unless_it_speaks_for_a_pool(played: Played) -> None:
    made = played.change("junior-1", 0.1, lr=0.3)
    played.held = True
    played.ticks(2)
    waiting = played.runs(made.id)
    for run in waiting:
        played.start(run)
        played.end(run)
        checkpoint(played, run.id)
    played.ticks(1)
    kept = {r.id for r in waiting if (played.lab.layout.run(r.id) / "checkpoint.bin").exists()}
    assert kept == {r.id for r in waiting if r.purpose is Purpose.POOL}


def test_a_look_at_what_may_go_removes_nothing_and_collecting_removes_just_that(played: Played) -> None:
    made = played.change("junior-1", -0.1, lr=0.3)
    played.until(played.settled(made.id))
    withdrawn = played.change("junior-1", 0.0, lr=0.4)
    played.ask("withdraw", experiment=withdrawn.id)
    open_one = played.change("junior-1", 0.0, lr=0.5)
    lab = played.lab
    for tree in (made.run_tree, made.base_tree, withdrawn.run_tree, open_one.run_tree):
        snapshots.extract(lab.git, tree, lab.layout.snapshot(tree))
    recorded = next(r for r in played.runs(made.id) if r.purpose is Purpose.RACE)
    speaking = reads.pool_runs(lab.ledger.reader, played.experiment(made.id).pool or 0)[0]
    for id in (recorded.id, speaking.id):
        checkpoint(played, id)
    wanted = {
        lab.layout.run(recorded.id) / "checkpoint.bin", lab.layout.snapshot(made.run_tree),
        lab.layout.snapshot(withdrawn.run_tree),
    }  # fmt: skip
    assert {r.path for r in hygiene.removable(lab)} == wanted
    assert all(path.exists() for path in wanted)
    assert {r.path for r in hygiene.collect(lab, played.now())} == wanted
    assert not any(path.exists() for path in wanted)
    assert (lab.layout.run(speaking.id) / "checkpoint.bin").exists()
    assert lab.layout.snapshot(open_one.run_tree).exists() and lab.layout.snapshot(made.base_tree).exists()


def test_what_is_needed_since_it_was_found_stays(played: Played) -> None:
    """`org gc` beside a supervisor: a run is queued between its look and its removing, and starts."""
    made = played.change("junior-1", -0.1, lr=0.3)
    played.until(played.settled(made.id))
    lab = played.lab
    path = snapshots.extract(lab.git, made.run_tree, lab.layout.snapshot(made.run_tree))
    run = next(r for r in played.runs(made.id) if r.purpose is Purpose.RACE)
    checkpoint(played, run.id)
    found = hygiene.removable(lab)
    assert {item.path for item in found} == {path, lab.layout.run(run.id) / "checkpoint.bin"}
    with lab.ledger.transaction() as tx:
        runs.queue(tx, replace(run, purpose=Purpose.FRESH, experiment=None, pool=None))
        SLOTS.insert(tx, Slot(1, 7, run.id, False))
    assert [hygiene.remove(lab, item) for item in found] == [False, False]
    assert path.exists() and (lab.layout.run(run.id) / "checkpoint.bin").exists()
    assert hygiene.collect(lab, played.now()) == []


def test_the_root_s_snapshot_stays_for_the_task_s_own_commands(played: Played) -> None:
    lab = played.lab
    other = played.recipe("junior-1", lr=0.7)
    with lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM pool_slots")
        tx.execute("UPDATE experiments SET state = 'withdrawn', base_tree = run_tree")
        tx.execute("UPDATE pools SET tree = 'another'")
    root = snapshots.tree_of(lab.git, str(played.fact("root_commit")))
    snapshots.extract(lab.git, other.run_tree, lab.layout.snapshot(other.run_tree))
    assert lab.layout.snapshot(root).exists()
    assert {item.path for item in hygiene.removable(lab)} == {lab.layout.snapshot(other.run_tree)}


def test_below_min_free_gb_nothing_starts_and_it_goes_on_when_there_is_room(played: Played) -> None:
    limits = played.lab.config.limits
    huge = {"limits": limits.model_copy(update={"min_free_gb": 1e9})}
    full = replace(played.lab, config=played.lab.config.model_copy(update=huge))
    made = played.change("junior-1", 0.1, lr=0.3)
    for _ in range(2):
        hygiene.step(full, played.now())
    played.ticks(2)
    assert "no run starts; `org gc` frees some" in str(schedule.held(played.lab))
    assert {r.state for r in played.runs(made.id)} == {RunState.QUEUED}
    kinds = played.lab.ledger.reader.execute("SELECT kind FROM events WHERE kind LIKE 'disk.%'")
    assert [kind for (kind,) in kinds] == ["disk.low"]
    hygiene.step(played.lab, played.now())
    played.until(played.settled(made.id))
