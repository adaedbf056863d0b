"""Ledgers of 0, 10 and 700 experiments, made once."""

from collections.abc import Callable

import many
import pytest
from click.testing import CliRunner, Result

from org.cli import main
from org.lab.lab import Lab


@pytest.fixture(scope="session")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Lab]:
    """The opened lab with so many experiments; read only."""
    cache = tmp_path_factory.mktemp("many")
    found: dict[int, Lab] = {}

    def lab(experiments: int) -> Lab:
        if experiments not in found:
            found[experiments] = many.opened(many.build(cache / str(experiments), experiments, 8))
        return found[experiments]

    return lab


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process."""

    def speak(lab: Lab, *words: str, columns: int = 100, lines: int = 32) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": str(columns), "LINES": str(lines)})

    return speak
