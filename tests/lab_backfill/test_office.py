"""The real loop, real keepers, one-second runs: an office without proposals, killed once; and what `org devices` says."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from laboratory import Laboratory, make, open_

from org.cli.main import org
from org.lab.devices import reading
from org.model.run import State
from org.store import idle, runs
from org.store.tables import IDLE, RUNS


def baselines(lab: Laboratory) -> int:
    return len(runs.in_state(lab.lab.ledger.reader, State.SUCCEEDED))


def verb(lab: Laboratory, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
    monkeypatch.setenv("ORG_DEVICE_LOCKS", str(lab.lab.locks))
    done = CliRunner().invoke(org, ["devices", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_idle_devices_fill_the_heads_pool_and_the_timeline_says_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make(tmp_path)
    lab.tick()
    con = lab.lab.ledger.reader
    assert [i.cause.value for i in idle.current(con).values()] == ["starting"] * 2, "agents whose panes come up"
    lab.program()
    told = verb(lab, monkeypatch, "--why")
    assert "nothing is queued" in told and "seed 1 of 8 is empty" in told and "the next idle device" in told
    lab.until(lambda: baselines(lab) >= 2)
    assert all(run.purpose == "pool" for run in RUNS.select(con))
    assert IDLE.count(con, "WHERE until IS NOT NULL") >= 2, "closed while the runs had the devices"
    lab.lab.ledger.close()
    killed = datetime.now(UTC)
    lab = open_(lab.lab.layout.root)  # killed, and started again at once
    lab.tick()
    away = datetime.now(UTC) - killed
    lab.until(lambda: baselines(lab) == 8)
    if away < reading.GAP / 2:  # on a machine that does nothing else it takes a second
        assert "supervisor down" not in [i.cause.value for i in IDLE.select(lab.lab.ledger.reader)]
    said = json.loads(verb(lab, monkeypatch, "--json", "--since", "1h"))
    assert [line["device"] for line in said["devices"]] == ["cpu:0", "cpu:1"]
    assert all(line["time"]["busy_seconds"] > 0 for line in said["devices"])
    page = verb(lab, monkeypatch)
    assert "B baseline" in page and "cpu:0" in page and "idle, by cause" in page
    assert "idle: the office is empty" in page, "no supervisor holds the lock of this lab"
    lab.lab.ledger.close()
