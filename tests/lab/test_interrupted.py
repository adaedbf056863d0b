"""Real keepers under a lab that is interrupted: supervisors, keepers and runs that die, and runs that never end."""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psutil
from laboratory import Laboratory
from played import set_task

from org.lab import requests as lab_requests
from org.lab import schedule
from org.model.experiment import State
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.runs import devices, processes
from org.store import reads, requests
from org.store.tables import RUNS, SLOTS


def running(lab: Laboratory, experiment: str) -> Run | None:
    """The candidate's run, once its training process is there."""
    found = [r for r in reads.running(lab.lab.ledger.reader) if r.experiment == experiment and r.purpose is Purpose.RACE]
    return next((r for r in found if (lab.lab.layout.run(r.id) / "train.pid").exists()), None)


def trainer(lab: Laboratory, run: Run) -> int:
    who = processes.recall(lab.lab.layout.run(run.id) / "train.pid")
    assert who is not None
    return who.pid


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_race_survives_its_supervisor_with_no_run_doubled(
    measured: Laboratory, reopened: Callable[[Laboratory], Laboratory]
) -> None:
    made = measured.recipe("junior-1", lr=0.9, pause=0.01)
    measured.until(lambda: running(measured, made.id) is not None)
    run = running(measured, made.id)
    assert run is not None
    lab = reopened(measured)  # its keepers go on meanwhile
    lab.until(lab.settled(made.id))
    assert RUNS.get(lab.lab.ledger.reader, run.id).state is RunState.SUCCEEDED
    assert lab.experiment(made.id).state is State.MERGED
    con = lab.lab.ledger.reader
    seeds = [r.seed for r in reads.candidate_runs(con, made.id)]
    assert len(seeds) == len(set(seeds)) == lab.experiment(made.id).decision["candidate_runs"]
    lab.lab.ledger.close()


def test_a_killed_keeper_is_a_lost_run_whose_orphans_end_and_which_runs_again(measured: Laboratory) -> None:
    made = measured.recipe("junior-1", degree=0, pause=0.02)
    measured.until(lambda: running(measured, made.id) is not None)
    run = running(measured, made.id)
    assert run is not None
    pid = trainer(measured, run)
    os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
    measured.until(measured.settled(made.id))
    assert is_gone(pid), "it would train beside the next run on its device"
    mine = reads.candidate_runs(measured.lab.ledger.reader, made.id)
    assert [(r.state, r.attempt, r.slot) for r in mine] == [(RunState.LOST, 1, 0), (RunState.SUCCEEDED, 2, 0)]
    assert mine[0].reason == "its keeper died" and mine[0].metric is None
    assert measured.experiment(made.id).decision["candidate_runs"] == 1
    assert mine[0].id not in {s.run for s in SLOTS.select(measured.lab.ledger.reader)}


def test_a_run_that_never_ends_fails_its_experiment_with_the_reason(measured: Laboratory) -> None:
    set_task(measured, timeout_min=0.02)  # too little for any run on a busy machine; the base has run already
    made = measured.recipe("junior-1", pause=1000)
    measured.until(measured.settled(made.id))
    after = measured.experiment(made.id)
    assert after.state is State.FAILED and "still running after 0.02 min (task.timeout_min)" in after.reason
    assert [r.state for r in reads.candidate_runs(measured.lab.ledger.reader, made.id)] == [RunState.TIMED_OUT] * 2


def test_cancelling_a_running_experiment_ends_its_process_and_frees_its_device(measured: Laboratory) -> None:
    made = measured.recipe("junior-1", pause=1000)
    measured.until(lambda: running(measured, made.id) is not None)
    run = running(measured, made.id)
    assert run is not None and run.device is not None
    pid = trainer(measured, run)
    with measured.lab.ledger.transaction() as tx:
        requests.ask(tx, "cancel", "human", datetime.now(UTC), experiment=made.id)
    assert lab_requests.step(measured.lab, datetime.now(UTC)) == ["cancel: E1 is cancelled"]
    measured.until(lambda: RUNS.get(measured.lab.ledger.reader, run.id).state is RunState.CANCELLED)
    assert is_gone(pid)
    deadline = time.monotonic() + 60
    while devices.holder(run.device, measured.lab.locks) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert measured.experiment(made.id).state is State.CANCELLED
    assert run.device in {d.name for d in schedule._free_devices(measured.lab)} or reads.running(measured.lab.ledger.reader)


def test_a_tree_that_cannot_be_laid_out_is_not_in_the_way_of_the_others(fit: Laboratory) -> None:
    broken, fine = fit.recipe("junior-1", lr=0.3), fit.recipe("junior-2", degree=0)
    fit.lab.layout.snapshots.mkdir(exist_ok=True)
    fit.lab.layout.snapshot(broken.run_tree).mkdir(parents=True)  # a person's folder of the same name
    deadline = time.monotonic() + 60
    while fit.experiment(fine.id).is_open:
        assert set(fit.tick()) <= {"schedule"}
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert fit.experiment(broken.id).state is State.RACING, "a full disk must not become a verdict; it is tried again"
    told = fit.lab.ledger.reader.execute("SELECT detail FROM events WHERE kind = 'supervisor.step_failed'").fetchall()
    assert len(told) == 1 and "not the tree" in told[0][0]
    fit.lab.layout.snapshot(broken.run_tree).rmdir()
    fit.until(lambda: running(fit, broken.id) is not None or not fit.experiment(broken.id).is_open)
