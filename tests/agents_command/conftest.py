"""A short folder for a tmux socket."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def grid_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="org-c-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)
