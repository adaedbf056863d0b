"""A short folder for tmux sockets, and the repository's root on the path, as `python -m benchmarks` has it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.fixture
def short_path() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="org-b-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)
