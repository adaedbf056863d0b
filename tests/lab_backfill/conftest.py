"""Labs whose keepers are played (tests/played.py), agents and a clock in the test's hand (tests/lab_limits)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "lab_limits"))

from watched import Watched, make_watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Two devices, a chief, four juniors at work on one program; a timeline from its first tick on."""
    made = make_watched(tmp_path)
    yield made
    made.lab.ledger.close()
