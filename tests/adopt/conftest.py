"""A lab with two merged changes, and repositories of a person that may want them."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "lab"))  # played keepers

from laboratory import git, make
from played import Played


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """Nothing is merged yet."""
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def merged(played: Played) -> Played:
    """E1 (a recipe value) and E2 (another, stacked on it) are merged, E3 was discarded."""
    for agent, gain, recipe in (
        ("junior-1", 0.1, {"lr": 0.3}),
        ("junior-2", 0.2, {"degree": 7}),
        ("junior-1", 0.0, {"decay": 0.5}),
    ):
        made = played.change(agent, gain, **recipe)
        played.until(played.settled(made.id))
    return played


@pytest.fixture
def fork(played: Played, tmp_path: Path) -> Path:
    """A person's repository that once was the lab's root."""
    folder = tmp_path / "fork"
    shutil.copytree(played.lab.layout.root, folder, ignore=shutil.ignore_patterns(".git", "comms", "worktrees"))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "mine")
    return folder
