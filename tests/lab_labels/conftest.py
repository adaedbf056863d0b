"""Labs whose played runs report what they spent."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import make, open_

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

from spending import Spender

from org.cli import main


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[..., Spender]]:
    """A lab with an open program: its protocol as YAML, fields of its brief, and whether there is a chief."""
    opened = []

    def build(protocol: str = "{}", chief: bool = False, **brief: object) -> Spender:
        def configure(text: str) -> str:
            if chief:
                text = text.replace("structure: solo", "structure: chief")
                text = text.replace("agents:\n", "agents:\n  - {role: chief_scientist, backend: offline}\n")
            return text + f"protocol: {protocol}\n"

        made = make(tmp_path, configure=configure)
        lab = Spender(made.lab, made.office)
        lab.program(**brief)
        opened.append(lab)
        return lab

    yield build
    for lab in opened:
        lab.lab.ledger.close()


@pytest.fixture
def reopened() -> Callable[[Spender], Spender]:
    """A killed supervisor, and the next one on the same folder: nothing but files is kept."""

    def again(old: Spender) -> Spender:
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        return Spender(new.lab, new.office, changes=old.changes)

    return again


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab."""

    def speak(lab: Spender, *words: str) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak
