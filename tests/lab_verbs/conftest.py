"""Labs for tests of the agents' verbs, and the command line on a lab that is already started."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from laboratory import Laboratory
from played import Played
from setups import SPACE, with_chief

sys.path.insert(0, str(Path(__file__).parents[1] / "agents"))

Say = Callable[..., Result]


@pytest.fixture
def played(founded_as: Callable[..., Played]) -> Played:
    """A lab with an open program with a space and a stop rule, both juniors on it, and played keepers."""
    return founded_as(Played, space=SPACE, stop={"discards": 3})


@pytest.fixture
def chiefly(founded_as: Callable[..., Played]) -> Played:
    """The same with a chief on a backend with a model; reviews are the chief's."""
    return founded_as(Played, configure=with_chief, space=SPACE, stop={"discards": 3})


@pytest.fixture
def terminal() -> dict[str, str]:
    return {"COLUMNS": "200"}


@pytest.fixture
def say(say: Say) -> Callable[[Laboratory, str], Say]:
    """`say(lab, name)` speaks as somebody of a lab from then on."""

    def speaker(lab: Laboratory, name: str = "") -> Say:
        return lambda *words: say(lab, *words, agent=name)

    return speaker
