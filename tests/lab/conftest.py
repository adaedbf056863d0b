"""Labs whose pasts were made by real keepers: a full pool, and a change that was merged. Made once, copied for each test."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from laboratory import Laboratory, lived, make

from org.lab import collect
from org.store.tables import RUNS, SLOTS


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[Laboratory]:
    """As `fit`, and all eight runs of its head's pool are done."""
    lab = _measured(tmp_path)
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Laboratory]:
    """As `measured`, and E1, a better step size, was raced and merged a moment ago."""
    lab = lived(tmp_path, "a change was kept", _keep)
    yield lab
    lab.lab.ledger.close()


def _measured(folder: Path) -> Laboratory:
    return lived(folder, "the pool is full", _measure)


def _measure(folder: Path) -> Laboratory:
    lab = make(folder)
    lab.program()
    lab.ask_for_pool()
    lab.until(lambda: SLOTS.count(lab.lab.ledger.reader) == 8, seconds=240)
    return _at_rest(lab)


def _keep(folder: Path) -> Laboratory:
    lab = _measured(folder)
    made = lab.recipe("junior-1", lr=0.9)
    lab.until(lab.settled(made.id), seconds=240)
    return _at_rest(lab)


def _at_rest(lab: Laboratory) -> Laboratory:
    """What runs ends, and nothing new is started: the copies go on with what waits."""
    deadline = time.monotonic() + 120
    while RUNS.count(lab.lab.ledger.reader, "WHERE state = 'running'"):
        collect.step(lab.lab, datetime.now(UTC))
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(lab.PAUSE)
    return lab
