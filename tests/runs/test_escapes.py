"""Runs whose processes leave their session, their parent or their environment: everything that a run started ends with it."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from bench import Bench, child_of, eventually, is_gone, keeper_of, kill

from org.runs import executor, processes
from org.runs.devices import Device
from org.runs.spec import End

SCORE = "import json; print(json.dumps({'value': 0.5, 'valid': True}))"
SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
# A child in a session of its own: no longer in the group that the keeper ends.
LEAVES = """
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True, env=ENVIRONMENT)
(pathlib.Path(sys.argv[1]) / "runaway.part").write_text(str(child.pid))
(pathlib.Path(sys.argv[1]) / "runaway.part").rename(pathlib.Path(sys.argv[1]) / "runaway")
"""
# A daemon: in a session of its own, its parent gone, and nothing in its environment.
DAEMON = """
import os, pathlib, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        (pathlib.Path(sys.argv[1]) / "runaway.part").write_text(str(os.getpid()))
        (pathlib.Path(sys.argv[1]) / "runaway.part").rename(pathlib.Path(sys.argv[1]) / "runaway")
        os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)"], {})
    os._exit(0)
"""
UNTIL_THERE = """
while not (pathlib.Path(sys.argv[1]) / "runaway").exists():
    time.sleep(0.01)
"""
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a process of our choice")


def leaves(environment: str = "None", child: str = STUBBORN) -> str:
    return LEAVES.replace("ENVIRONMENT", environment).replace("CHILD", repr(child))


def runaway(folder: Path) -> int:
    path = folder / "runaway"
    return int(eventually(lambda: path.exists() and path.read_text()))


def test_what_left_its_session_ends_at_the_deadline(bench: Bench) -> None:
    folder, outcome, _ = bench.timed_out(leaves() + "time.sleep(600)", "runaway")
    assert is_gone(runaway(folder)), "before the outcome is written"
    assert outcome.end is End.TIMED_OUT


@only_linux
@pytest.mark.parametrize("train", [leaves("{}"), DAEMON], ids=["an empty environment", "a daemon"])
def test_what_left_its_session_and_its_mark_ends_before_the_score(bench: Bench, train: str) -> None:
    folder = bench.start(train + UNTIL_THERE, SCORE)
    pid = runaway(folder)
    assert bench.outcome(folder).end is End.SUCCEEDED
    assert is_gone(pid)


def test_what_left_its_session_is_found_when_its_keeper_was_killed(bench: Bench) -> None:
    folder = bench.start(leaves() + "time.sleep(600)")
    pid, child = runaway(folder), child_of(folder)
    kill(keeper_of(folder))
    eventually(lambda: not executor.is_kept(folder))
    assert not is_gone(pid)
    assert executor.end_orphan(folder)
    assert is_gone(pid) and is_gone(child)
    assert not executor.end_orphan(folder), "again: there is none"


def test_a_training_that_was_never_written_down_is_found_by_its_mark(bench: Bench) -> None:
    """A keeper that is killed between the start of the training and train.pid."""
    folder = bench.start("import time; time.sleep(600)")
    child, keeper = child_of(folder), keeper_of(folder)
    kill(keeper)
    eventually(lambda: not executor.is_kept(folder))
    (folder / "train.pid").unlink()
    assert executor.end_orphan(folder)
    assert is_gone(child)


def test_the_runs_of_others_go_on(bench: Bench, tmp_path: Path) -> None:
    """A neighbour, and a run of the same number in another lab."""
    (tmp_path / "other" / "snapshot").mkdir(parents=True)
    meek = leaves(child=SLEEP) + SLEEP  # ended at the first word
    neighbour = Bench(bench.folder, Device("cpu:1", "cpu")).start(meek, run="R2")
    namesake = Bench(tmp_path / "other").start(meek)
    mine = bench.start(meek)
    ours, theirs = runaway(mine), [runaway(neighbour), runaway(namesake), child_of(neighbour), child_of(namesake)]
    executor.cancel(mine)
    assert bench.outcome(mine).end is End.CANCELLED
    assert is_gone(ours) and not any(is_gone(pid) for pid in theirs)
    for folder in (neighbour, namesake):
        executor.cancel(folder)
        bench.outcome(folder)
    assert all(is_gone(pid) for pid in theirs)


def test_a_process_that_took_over_a_number_is_not_signalled() -> None:
    """What psutil promises us, and why we hold processes and not numbers."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        before = psutil.Process(stranger.pid)
        before._ident = (stranger.pid, 1000.0)  # as if it had been another one that we looked at
        before._create_time = 1000.0
        with pytest.raises(psutil.NoSuchProcess):
            before.kill()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_seconds_of_children_that_ended_count() -> None:
    burn = "import time\nwhile time.process_time() < 0.6: pass"  # twice what is asked for: the kernel counts in ticks
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); input()"],
        stdin=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        eventually(lambda: processes.descendants_cpu_seconds() > 0.3 and not psutil.Process(parent.pid).children())
    finally:
        parent.kill()
        parent.wait()
