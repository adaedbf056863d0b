"""A ledger in an empty folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from org.store import ledger
from org.store.ledger import Ledger


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    made = ledger.create(tmp_path / "ledger.db")
    yield made
    made.close()
