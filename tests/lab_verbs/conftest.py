"""Labs for tests of the agents' verbs: played keepers, and the command line on a lab that is already started."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import Laboratory, make
from setups import SPACE, with_chief

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))
sys.path.insert(0, str(Path(__file__).parents[1] / "agents"))

from played import Played

from org.cli import main

Say = Callable[..., Result]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """A lab with an open program with a space and a stop rule, both juniors on it, and played keepers."""
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program(space=SPACE, stop={"discards": 3})
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def chiefly(tmp_path: Path) -> Iterator[Played]:
    """The same with a chief on a backend with a model; reviews are the chief's."""
    made = make(tmp_path, configure=with_chief)
    lab = Played(made.lab, made.office)
    lab.program(space=SPACE, stop={"discards": 3})
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[[Laboratory, str], Say]:
    """`org …` in this process as somebody of a lab. Returns click's result; an OrgError is in its exception."""

    def speaker(lab: Laboratory, name: str = "") -> Say:
        def speak(*words: str) -> Result:
            monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
            monkeypatch.setenv("ORG_AGENT", name) if name else monkeypatch.delenv("ORG_AGENT", raising=False)
            return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "200"})

        return speak

    return speaker
