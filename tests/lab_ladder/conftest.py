"""A lab whose ladder has three rungs, with played keepers and a person's verbs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import make

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))
sys.path.insert(0, str(Path(__file__).parent))

from climbing import LADDER, PROTOCOL, Climbing

from org.cli import main


@pytest.fixture
def configure() -> Callable[[str], str]:
    """What the test's config says beside its ladder."""
    return lambda text: text


@pytest.fixture
def lab(tmp_path: Path, configure: Callable[[str], str]) -> Iterator[Climbing]:
    task = "ladder: [{run_budget: 100step}]"
    made = make(tmp_path, configure=lambda text: configure(text.replace(task, LADDER) + PROTOCOL))
    climbing = Climbing(made.lab, made.office)
    climbing.program()
    yield climbing
    climbing.lab.ledger.close()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab, or as an agent."""

    def speak(lab: Climbing, *words: str, agent: str | None = None) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        if agent is not None:
            monkeypatch.setenv("ORG_AGENT", agent)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak
