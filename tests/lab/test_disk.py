"""Disk: what may go, what stays, and when nothing may start."""

from dataclasses import replace

from played import Played

from org.lab import hygiene, schedule
from org.model.run import Purpose
from org.model.run import State as RunState
from org.store import reads
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
