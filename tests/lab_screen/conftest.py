"""Labs whose ideas are screened before they race, with played keepers."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import Laboratory, make, open_

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

from played import Played

from org.cli import main


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[..., Played]]:
    """A lab with an open program; protocol as YAML."""
    opened = []

    def build(protocol: str = "{screen: on}", command: str | None = None) -> Played:
        def configure(text: str) -> str:
            text = text if command is None else text.replace("--budget {budget}", command)
            return text + f"protocol: {protocol}\n"

        made = make(tmp_path, configure=configure)
        lab = Played(made.lab, made.office)
        lab.program()
        opened.append(lab)
        return lab

    yield build
    for lab in opened:
        lab.lab.ledger.close()


@pytest.fixture
def screened(labs: Callable[..., Played]) -> Played:
    """The screen is on."""
    return labs()


@pytest.fixture
def again() -> Callable[[Laboratory], Played]:
    """A killed supervisor, and the next one on the same folder: nothing but files is kept."""

    def build(old: Laboratory) -> Played:
        assert isinstance(old, Played)
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        return Played(new.lab, new.office, gains=old.gains, ends=old.ends)

    return build


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab."""

    def speak(lab: Played, *words: str) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak
