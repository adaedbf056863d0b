"""The benches still run against today's code. What they measure is for `make bench`, never for a test."""

from pathlib import Path

import pytest

from benchmarks import decision, delivery, panes, supervisor


def test_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "MESSAGES", 2)
    assert set(delivery.measure(tmp_path)) == {"p50_seconds", "p99_seconds"}


def test_the_supervisor_looks_at_every_agent(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "AGENTS", 3)
    monkeypatch.setattr(supervisor, "SECONDS", 1.0)
    monkeypatch.setattr(supervisor, "SETTLING_TICKS", 3)
    assert supervisor.measure(short_path)["agents_looked_at"] == 3


def test_panes(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panes, "COUNTS", (2,))
    assert set(panes.measure(short_path)) == {"seconds_for_2"}


def test_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "LOOKS", 2)
    assert {"young_lab_1_runs_us", "old_lab_8_runs_us"} <= set(decision.measure(tmp_path))
