"""A bench in an empty folder."""

from pathlib import Path

import pytest
from bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "snapshot").mkdir()
    return Bench(tmp_path)
