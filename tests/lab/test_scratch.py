"""`org try`: an uncounted run on a device leased at once."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import Laboratory

from org.lab import schedule, scratch
from org.model.errors import DeviceError
from org.runs import devices, processes
from org.runs.devices import Device
from org.store import requests
from org.store.tables import REQUESTS, RUNS

CPU = Device("cpu:0", "cpu")


def test_a_try_that_says_nothing_is_ended_at_its_deadline(tmp_path: Path) -> None:
    said: list[str] = []
    status = scratch.run([sys.executable, "-c", "import time; time.sleep(600)"], CPU, tmp_path, 0.5, said.append)
    assert (status, said) == (0, ["ended after 0.00833333 min"])


def test_a_trys_output_and_status_are_passed_on(tmp_path: Path) -> None:
    said: list[str] = []
    code = "print('step 1'); import sys; print('oops', file=sys.stderr); sys.exit(3)"
    assert scratch.run([sys.executable, "-c", code], CPU, tmp_path, 20, said.append) == 3
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
