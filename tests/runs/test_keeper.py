"""Keepers as processes: what they leave, what they end, and what holds when they are killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench import Bench, child_of, eventually, is_gone, keeper_of, kill

from org.model.errors import DeviceError, OrgError
from org.runs import devices, executor, spec
from org.runs.spec import End

SCORE = "import json; print(json.dumps({'value': 0.5, 'valid': True}))"
SLEEP = "import time; time.sleep(600)"
FAMILY = """
import pathlib, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", stubborn])
(pathlib.Path(sys.argv[1]) / "grandchild").write_text(str(child.pid))
"""


def grandchild(folder: Path) -> int:
    path = folder / "grandchild"
    return int(eventually(lambda: path.exists() and path.read_text()))


def test_a_run_is_trained_scored_and_recorded(bench: Bench) -> None:
    folder = bench.start("import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'train.json').write_text('{\"steps\": 7}')", SCORE)
    outcome = bench.outcome(folder)
    assert (outcome.end, outcome.metric, outcome.record, outcome.self_reported) == (End.SUCCEEDED, 0.5, {"steps": 7}, False)
    assert outcome.total_seconds >= outcome.train_seconds > 0
    eventually(bench.is_free)
    assert not executor.is_kept(folder)


def test_a_device_has_one_run_and_says_whose(bench: Bench) -> None:
    folder = bench.start(SLEEP)
    assert devices.lease("cpu:0", bench.locks, "another") is None
    assert devices.holder("cpu:0", bench.locks) == "lab R1"
    assert devices.holder("cpu:1", bench.locks) is None
    executor.cancel(folder)
    bench.outcome(folder)
    eventually(bench.is_free)


def test_the_keeper_holds_its_device_when_the_supervisor_is_killed_and_lets_go_when_it_is(bench: Bench) -> None:
    bench.script("train.py", SLEEP)
    start = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from bench import Bench;"
        f"Bench(Path(sys.argv[2])).start({SLEEP!r}); print('started', flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", start, str(Path(__file__).parent), str(bench.folder)], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None and supervisor.stdout.readline() == "started\n"
    folder = bench.folder / "runs" / "R1"
    keeper, child = keeper_of(folder), child_of(folder)
    supervisor.kill()
    supervisor.wait()
    assert executor.is_kept(folder) and not bench.is_free()
    kill(keeper)
    eventually(lambda: not executor.is_kept(folder))
    eventually(bench.is_free)
    assert not is_gone(child), "its training is an orphan now"
    assert executor.end_orphan(folder)
    eventually(lambda: is_gone(child))
    assert not executor.end_orphan(folder), "again: there is none"


def test_an_orphaned_group_is_found_when_its_leader_is_gone(bench: Bench) -> None:
    folder = bench.start(FAMILY + "time.sleep(600)")
    keeper, child, other = keeper_of(folder), child_of(folder), grandchild(folder)
    kill(keeper)
    kill(child)
    eventually(lambda: is_gone(child))
    assert executor.end_orphan(folder)
    eventually(lambda: is_gone(other))


def test_a_process_that_only_has_the_number_of_an_old_one_is_left_alone(bench: Bench) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    folder = bench.folder / "runs" / "R9"
    folder.mkdir(parents=True)
    (folder / "train.pid").write_text(json.dumps({"pid": stranger.pid, "started": 1000.0}))
    assert not executor.end_orphan(folder)
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_run_whose_process_is_killed_has_failed(bench: Bench) -> None:
    folder = bench.start("import time; print('step 1', flush=True); time.sleep(600)")
    child = child_of(folder)
    eventually(lambda: (folder / "train.log").read_text())
    kill(child)
    outcome = bench.outcome(folder)
    assert (outcome.end, outcome.train_exit, outcome.reason) == (End.FAILED, -9, "step 1")


def test_a_run_that_never_ends_is_ended_with_its_grandchildren_and_the_reason(bench: Bench) -> None:
    folder, outcome, timeout = bench.timed_out(FAMILY + "time.sleep(600)", "grandchild")
    assert is_gone(child_of(folder)) and is_gone(grandchild(folder)), "the group is gone before the outcome is written"
    told = f"still running after {timeout / 60:.3g} min (task.timeout_min); it was ended"
    assert (outcome.end, outcome.reason) == (End.TIMED_OUT, told)


def test_what_a_run_leaves_running_is_ended_before_its_score(bench: Bench) -> None:
    folder = bench.start(FAMILY, SCORE)
    other = grandchild(folder)
    assert bench.outcome(folder).end is End.SUCCEEDED
    assert is_gone(other)


def test_a_cancelled_run_ends_soon_and_says_so(bench: Bench) -> None:
    folder = bench.start(SLEEP)
    child = child_of(folder)
    executor.cancel(folder)
    outcome = bench.outcome(folder)
    assert (outcome.end, outcome.reason) == (End.CANCELLED, "cancelled") and is_gone(child)


def test_an_evaluation_that_never_ends_is_called_that(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("", SLEEP, timeout=1.0))
    assert (outcome.end, outcome.reason) == (End.TIMED_OUT, "evaluation: still running after 0.0167 min; it was ended")


@pytest.mark.parametrize(
    ("printed", "end", "reason"),
    [
        ('{"value": NaN, "valid": true}', End.FAILED, "the metric is nan"),
        ('{"value": Infinity}', End.FAILED, "the metric is inf"),
        ('{"value": "much"}', End.FAILED, "evaluation printed no JSON line with a value"),
        ("[0.5]", End.FAILED, "evaluation printed no JSON line with a value (it is a list)"),
        ("0.5", End.FAILED, "evaluation printed no JSON line with a value (it is a float)"),
        ("", End.FAILED, "evaluation printed no JSON line with a value"),
        ("{}", End.FAILED, "the metric is nan"),
        ('{"valid": false, "value": 0.1, "reason": "it sees the future"}', End.INVALID, "it sees the future"),
        ('{"valid": false}', End.INVALID, "the scorer refused it"),
        ('noise\\n{"value": 0.25}', End.SUCCEEDED, ""),
    ],
)
def test_a_score_is_a_number_on_the_last_line_or_a_reason(bench: Bench, printed: str, end: End, reason: str) -> None:
    outcome = bench.outcome(bench.start("", f"print('''{printed}''')"))
    assert outcome.end is end and outcome.reason.startswith(reason)
    assert (outcome.metric is not None) == (end is End.SUCCEEDED)


@pytest.mark.parametrize(
    ("printed", "end", "metric", "reason"),
    [
        ("loss: 1.5\\nloss: 0.5", End.SUCCEEDED, 0.5, ""),
        ("loss: 1e-3", End.SUCCEEDED, 0.001, ""),
        ("loss: nan", End.FAILED, None, "the metric is nan"),
        ("loss: ...", End.FAILED, None, "'...' is not a number"),
        ("nothing here", End.FAILED, None, r"nothing in its output matches 'loss: (\\S+)'"),
    ],
)
def test_a_self_reported_score_is_the_last_match(bench: Bench, printed: str, end: End, metric: float | None, reason: str) -> None:
    outcome = bench.outcome(bench.start(f"print('{printed}')", pattern=r"loss: (\S+)"))
    assert (outcome.end, outcome.metric, outcome.reason) == (end, metric, reason)
    assert outcome.self_reported == (end is End.SUCCEEDED or printed == "loss: nan")


def test_a_crash_is_told_by_the_last_line_of_its_output(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("print('x'); raise ValueError('the lr is a fish')"))
    assert (outcome.end, outcome.train_exit, outcome.reason) == (End.FAILED, 1, "ValueError: the lr is a fish")


def test_a_record_that_is_no_json_is_a_failed_run_with_a_reason(bench: Bench) -> None:
    outcome = bench.outcome(bench.start("import pathlib, sys; (pathlib.Path(sys.argv[1]) / 'train.json').write_text('{')", SCORE))
    assert outcome.end is End.FAILED and "train.json is not JSON" in outcome.reason


def test_a_command_that_is_no_program_is_a_failed_run(bench: Bench) -> None:
    folder = bench.folder / "runs" / "R1"
    lease = devices.lease("cpu:0", bench.locks, "x")
    assert lease is not None
    told = spec.Spec("R1", "cpu:0", 1, str(bench.folder), ["no-such-program"], None, "x(.)", "m", dict(os.environ), 60.0, 60.0)
    executor.start(folder, told, lease)
    outcome = bench.outcome(folder)
    assert outcome.end is End.FAILED and "No such file or directory: 'no-such-program'" in outcome.reason


def test_a_second_keeper_is_refused_and_its_device_freed(bench: Bench) -> None:
    folder = bench.start(SLEEP)
    lease = devices.lease("cpu:1", bench.locks, "x")
    assert lease is not None
    with pytest.raises(DeviceError, match="already has a keeper"):
        executor.start(folder, spec.read_spec(folder), lease)
    assert devices.holder("cpu:1", bench.locks) is None
    executor.cancel(folder)
    bench.outcome(folder)


def test_a_start_that_fails_lets_go_of_its_device(bench: Bench) -> None:
    (bench.folder / "runs").write_text("not a folder")
    with pytest.raises(OSError):
        bench.start("")
    assert bench.is_free()


def test_a_full_disk_loses_the_run_and_tells_why(bench: Bench) -> None:
    """A file system of 64 kB: training fills it, so that the outcome finds no room."""
    disk = bench.folder / "runs"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        fill = (
            "import pathlib, sys\nf = open(pathlib.Path(sys.argv[1]) / 'checkpoint', 'wb', buffering=0)\n"
            "try:\n    [f.write(b'x' * 4096) for _ in range(64)]\nexcept OSError:\n    pass\n"
        )
        folder = bench.start(fill, SCORE)
        eventually(lambda: (folder / "keeper.lock").exists() and not executor.is_kept(folder))
        assert spec.read_outcome(folder) is None, "lost: neither a value nor a failure of the change"
        assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == [], "nothing half is left"
        eventually(bench.is_free)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_an_outcome_of_another_schema_is_not_read_as_ours(tmp_path: Path) -> None:
    (tmp_path / "outcome.json").write_text('{"schema": 9, "run": "R1", "end": "succeeded"}')
    with pytest.raises(OrgError, match="has schema 9, this org reads 1"):
        spec.read_outcome(tmp_path)
