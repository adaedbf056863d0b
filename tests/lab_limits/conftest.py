"""A lab of agents with models whose keepers are played (see tests/played.py), and a clock in the test's hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from office_at_night import Night, make_night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    """A chief and two juniors on one key, a junior on another, and one offline; nothing is limited."""
    made = make_night(tmp_path)
    yield made
    made.lab.ledger.close()
