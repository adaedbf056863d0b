"""Shared fixtures. Every lab of a test has its own folder, ledger, device locks and tmux socket."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from laboratory import Laboratory, make


@pytest.fixture(autouse=True)
def own_device_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a device of a running lab, or holds one."""
    monkeypatch.setenv("ORG_DEVICE_LOCKS", str(tmp_path / "locks"))


@pytest.fixture
def fit(tmp_path: Path) -> Iterator[Laboratory]:
    """A lab on the one-second regression, with an open program and both juniors on it."""
    laboratory = make(tmp_path)
    laboratory.program()
    yield laboratory
    laboratory.lab.ledger.close()
