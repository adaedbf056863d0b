"""Labs on devices that may drift."""

from collections.abc import Callable

import pytest
from drifter import Drifter


@pytest.fixture
def labs(founded_as: Callable[..., Drifter]) -> Callable[..., Drifter]:
    """A lab with an open program whose sentinels run every so many tries."""

    def build(every_tries: int = 2, name: str = "lab", protocol: str = "{}") -> Drifter:
        lab = founded_as(Drifter, name, lambda text: text + f"protocol: {protocol}\n")
        lab.rules(every_tries=every_tries)
        return lab

    return build


@pytest.fixture
def drifter(labs: Callable[..., Drifter]) -> Drifter:
    """A sentinel every two tries."""
    return labs()


@pytest.fixture
def again(reopened: Callable[[Drifter], Drifter]) -> Callable[[Drifter], Drifter]:
    """A killed supervisor, and the next one under the same rules."""

    def build(old: Drifter) -> Drifter:
        every_tries = old.lab.protocol.drift.every_tries
        lab = reopened(old)
        lab.rules(every_tries=every_tries)
        return lab

    return build
