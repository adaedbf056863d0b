"""Labs on devices that may drift."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import Laboratory, make, open_

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

from drifter import Drifter

from org.cli import main


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[..., Drifter]]:
    """A lab with an open program whose sentinels run every so many tries."""
    opened = []

    def build(every_tries: int = 2, name: str = "lab", protocol: str = "{}") -> Drifter:
        made = make(tmp_path / name, configure=lambda text: text + f"protocol: {protocol}\n")
        lab = Drifter(made.lab, made.office)
        lab.program()
        lab.rules(every_tries=every_tries)
        opened.append(lab)
        return lab

    yield build
    for lab in opened:
        lab.lab.ledger.close()


@pytest.fixture
def drifter(labs: Callable[..., Drifter]) -> Drifter:
    """A sentinel every two tries."""
    return labs()


@pytest.fixture
def again() -> Callable[[Laboratory], Drifter]:
    """A killed supervisor, and the next one on the same folder: nothing but files is kept."""

    def build(old: Laboratory) -> Drifter:
        assert isinstance(old, Drifter)
        every_tries = old.lab.protocol.drift.every_tries
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        lab = Drifter(new.lab, new.office, gains=old.gains, shift=old.shift, record=old.record, lr=old.lr)
        lab.rules(every_tries=every_tries)
        return lab

    return build


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab."""

    def speak(lab: Drifter, *words: str) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak
