"""A lab of agents with models whose keepers are played (see tests/lab/played.py), and a clock in the test's hand."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "lab"))

from office_at_night import Night, make_night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    """A chief and two juniors on one key, a junior on another, and one offline; nothing is limited."""
    made = make_night(tmp_path)
    yield made
    made.lab.ledger.close()
