"""`org try`: an uncounted run on a device leased at once."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from laboratory import Laboratory

from org.lab import schedule, scratch
from org.lab.spend import spending
from org.model.errors import DeviceError, Refused
from org.runs import devices, processes
from org.runs.devices import Device
from org.store import events, requests
from org.store.tables import REQUESTS, RUNS

CPU = Device("cpu:0", "cpu")


def test_a_try_that_says_nothing_is_ended_at_its_deadline(tmp_path: Path) -> None:
    said: list[str] = []
    status = scratch.run([sys.executable, "-c", "import time; time.sleep(600)"], CPU, tmp_path, 0.5, said.append)
    assert (status, said) == (0, ["ended after 0.00833333 min"])


def test_a_trys_output_and_status_are_passed_on(tmp_path: Path) -> None:
    said: list[str] = []
    code = "print('step 1'); import sys; print('oops', file=sys.stderr); sys.exit(3)"
    assert scratch.run([sys.executable, "-c", code], CPU, tmp_path, 120, said.append) == 3
    assert sorted(said) == ["oops", "step 1"]


def test_a_try_holds_its_device_prefers_its_own_and_counts_nothing(fit: Laboratory) -> None:
    with scratch.leased(fit.lab, "junior-2", "cpu:1", 1.0) as device:
        assert device.name == "cpu:1"
        assert devices.holder("cpu:1", fit.lab.locks) == "test org try by junior-2"
        assert [d.name for d in schedule._free_devices(fit.lab)] == ["cpu:0"]
        with scratch.leased(fit.lab, "junior-1", "cpu:1", 1.0) as other:
            assert other.name == "cpu:0"
            told = r"no device became free within 0 s .*cpu:0: test org try by junior-1"
            with pytest.raises(DeviceError, match=told), scratch.leased(fit.lab, "human", None, 0.0):
                raise AssertionError
    assert not RUNS.count(fit.lab.ledger.reader)
    assert {r.state for r in REQUESTS.select(fit.lab.ledger.reader)} == {"done"}
    assert len(schedule._free_devices(fit.lab)) == 2


def test_a_try_that_waits_is_given_the_next_free_device(fit: Laboratory) -> None:
    me = processes.identify(os.getpid())
    assert me is not None
    with fit.lab.ledger.transaction() as tx:
        requests.ask(tx, "try", "junior-1", datetime.now(UTC), pid=me.pid, started=me.started)
    assert len(schedule._free_devices(fit.lab)) == 1


def test_a_try_is_spent_by_its_agent_and_its_program(fit: Laboratory) -> None:
    con = fit.lab.ledger.reader
    with scratch.leased(fit.lab, "junior-1", None, 1.0):
        time.sleep(0.05)
    known = (("agent", "junior-1", True), ("program", "free", True), ("lab", "", True), ("agent", "junior-2", False))
    for scope, name, spent in known:
        assert (spending.of(fit.lab, con, scope, name).device_hours > 0) is spent, (scope, name)  # type: ignore[arg-type]


def test_a_try_is_refused_where_the_allowance_is_spent(fit: Laboratory) -> None:
    with fit.lab.ledger.transaction() as tx:
        tx.execute("UPDATE programs SET allowance = '{\"device_hours\": 1e-9}'")
    with scratch.leased(fit.lab, "junior-1", None, 1.0):
        time.sleep(0.01)
    told = r"no device for a try: the allowance of free \(device_hours\)"
    with pytest.raises(Refused, match=told), scratch.leased(fit.lab, "junior-1", None, 1.0):
        raise AssertionError


def test_a_killed_try_counts_until_it_is_missed(fit: Laboratory) -> None:
    """A kill leaves no time to note the end; the next round does."""
    at = datetime.now(UTC)
    with fit.lab.ledger.transaction() as tx:
        who = {"pid": 2**22 + 1, "started": 1000.0, "device": "cpu:0", "program": "free"}
        events.append(tx, scratch.BEGAN, "junior-1", "junior-1", at - timedelta(hours=1), request=7, **who)
    with scratch.leased(fit.lab, "junior-2", None, 1.0):
        assert scratch.settle(fit.lab, at) == 1, "the living one goes on"
    assert scratch.settle(fit.lab, at) == 0, "once"
    assert spending.of(fit.lab, fit.lab.ledger.reader, "agent", "junior-1").device_hours == pytest.approx(1.0, abs=1e-3)


def test_what_a_killed_try_leaves_on_its_device_is_ended(fit: Laboratory) -> None:
    """Nobody holds the device's lock any more, and the next run would start beside it."""
    worktree = fit.lab.layout.worktree("junior-1")
    said: list[str] = []
    code = "import os; print(os.environ['ORG_RUN'])"
    scratch.run([sys.executable, "-c", code], CPU, worktree, 120, said.append)
    assert said[0].endswith(str(os.getpid())), "by which it is found"
    gone, sleeper = 2**22 + 1, [sys.executable, "-c", "import time; time.sleep(600)"]
    left, other = (
        subprocess.Popen(sleeper, env={"ORG_RUN": said[0].replace(str(os.getpid()), str(pid))}, start_new_session=True)
        for pid in (gone, os.getpid())
    )
    try:
        with fit.lab.ledger.transaction() as tx:
            who = {"pid": gone, "started": 1000.0, "device": "cpu:0", "program": "free"}
            events.append(tx, scratch.BEGAN, "junior-1", "junior-1", datetime.now(UTC), request=7, **who)
        assert scratch.settle(fit.lab, datetime.now(UTC)) == 1
        assert left.wait(60) == -signal.SIGTERM and other.poll() is None, "the living one goes on"
    finally:
        for child in (left, other):
            child.kill()
            child.wait()


def test_a_closed_pane_ends_its_try_and_the_seconds_count(fit: Laboratory) -> None:
    with pytest.raises(SystemExit), scratch.leased(fit.lab, "junior-1", "cpu:0", 1.0):
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(5)
    assert devices.holder("cpu:0", fit.lab.locks) is None
    assert spending.of(fit.lab, fit.lab.ledger.reader, "agent", "junior-1").device_hours > 0
