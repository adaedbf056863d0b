"""A lab with an open program and played keepers, and a person's verbs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import Laboratory, make, open_

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

from heads_of import Heads

from org.cli import main


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Heads]:
    made = make(tmp_path)
    lab = Heads(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def reopened() -> Callable[[Laboratory], Heads]:
    """A killed supervisor, and the next one on the same folder."""

    def again(old: Laboratory) -> Heads:
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        more = {"gains": old.gains, "effects": old.effects, "ends": old.ends} if isinstance(old, Heads) else {}
        return Heads(new.lab, new.office, **more)  # type: ignore[arg-type]

    return again


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab."""

    def speak(lab: Laboratory, *words: str) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak
