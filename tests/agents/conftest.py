"""Fixtures of the agents' tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import offline_lab


@pytest.fixture
def place(tmp_path: Path) -> Iterator[offline_lab.OfflineLab]:
    """A lab with a chief and one junior on the program `schedule`."""
    lab = offline_lab.make(tmp_path)
    yield lab
    lab.book.close()
