"""A lab without a process, and what it called a person for."""

from collections.abc import Iterator
from pathlib import Path

import many
import pytest

from org.lab.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab of ten experiments that has looked once: what is in it calls nobody."""
    from org.lab import attention

    opened = many.opened(many.build(tmp_path, 10, 2))
    with opened.ledger.transaction() as tx:
        tx.execute("DELETE FROM idle")
    assert attention.step(opened, many.NOW) == []
    yield opened
    opened.ledger.close()
