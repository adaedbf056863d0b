"""Labs for tests of the protocol."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, make, open_
from played import Played


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """A lab with an open program, both juniors on it, and played keepers."""
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def reopened() -> Callable[[Laboratory], Played]:
    """A killed supervisor, and the next one on the same folder: nothing but files is kept."""

    def again(old: Laboratory) -> Played:
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        more = {"gains": old.gains, "ends": old.ends} if isinstance(old, Played) else {}
        return Played(new.lab, new.office, **more)  # type: ignore[arg-type]

    return again
