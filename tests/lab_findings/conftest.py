"""A lab whose pool may be filled at once."""

from collections.abc import Callable

import pytest
from played import Played


@pytest.fixture
def fill() -> Callable[[Played], None]:
    """Run the whole pool of the first program's head."""

    def run(lab: Played) -> None:
        lab.ask_for_pool()
        lab.ticks(10)

    return run
