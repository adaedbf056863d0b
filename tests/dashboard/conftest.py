"""Labs of several sizes, built once and copied, and an app over one of them."""

import shutil
from pathlib import Path

import ledgers
import pytest
from standing import Build, Running, started

from org.store.layout import Layout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int], Path]:
    return {}


@pytest.fixture
def lab(built: dict[tuple[int, int], Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """lab(count, juniors): a fresh copy of a lab with so many decided experiments."""

    def copy(count: int = 10, juniors: int = 3) -> Layout:
        key = (count, juniors)
        if key not in built:
            built[key] = tmp_path_factory.mktemp("lab")
            ledgers.build(built[key], count, juniors)
        shutil.copytree(built[key], tmp_path / "lab")
        return ledgers.layout_of(tmp_path / "lab")

    return copy


@pytest.fixture
def running() -> Running:
    """running(layout, verbs, size): the app, once it shows its first frame."""
    return started
