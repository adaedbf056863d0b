"""A lab with an open program and played keepers, and a person's verbs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from laboratory import make

sys.path.insert(0, str(Path(__file__).parents[1] / "lab"))

from played import Played

from org.cli import main
from org.lab import pools
from org.lab.merging import heads
from org.store.tables import PROGRAMS


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    made = make(tmp_path)
    lab = Played(made.lab, made.office)
    lab.program()
    yield lab
    lab.lab.ledger.close()


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab."""

    def speak(lab: Played, *words: str) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab.lab.layout.comms))
        monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env={"COLUMNS": "250"})

    return speak


@pytest.fixture
def fill() -> Callable[[Played], None]:
    """Run the whole pool of the first program's head."""

    def run(lab: Played) -> None:
        with lab.lab.ledger.transaction() as tx:
            program = PROGRAMS.get(tx, "free")
            pool = pools.of_tree(lab.lab, tx, heads.tree(lab.lab, program), lab.now())
            pools.queue_runs(lab.lab, tx, pool, pools.size(lab.lab, pool), lab.now(), "free")
        lab.ticks(10)

    return run
