"""A lab with two merged changes, and repositories of a person that may want them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import lived, make, repository
from played import Played


@pytest.fixture
def merged(tmp_path: Path) -> Iterator[Played]:
    """E1 (a recipe value) and E2 (another, stacked on it) are merged, E3 was discarded."""
    lab = lived(tmp_path, "two of three changes are merged", _three_changes)
    yield Played(lab.lab, lab.office)
    lab.lab.ledger.close()


def _three_changes(folder: Path) -> Played:
    made = make(folder)
    lab = Played(made.lab, made.office)
    lab.program()
    for agent, gain, recipe in (
        ("junior-1", 0.1, {"lr": 0.3}),
        ("junior-2", 0.2, {"degree": 7}),
        ("junior-1", 0.0, {"decay": 0.5}),
    ):
        change = lab.change(agent, gain, **recipe)
        lab.until(lab.settled(change.id))
    return lab


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A person's repository that once was the lab's root, with a history of its own."""
    return repository(tmp_path / "fork", "fit")
