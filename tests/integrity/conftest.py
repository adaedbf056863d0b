"""One tiny corpus and one process that forks runs, for all tests of the folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks import Attack, Zygote, snapshot

from trainer.measure import cli

TINY = "aspect: 64\nsequence_length: 64\nbatch_tokens: 512\n"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    assert cli.main(["prepare", "--data", str(folder), "--max-mb", "0.3", "--vocab", "512"]) == 0
    return folder


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    started = Zygote()
    yield started
    started.end()


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trainer as it stands when the tests begin."""
    return snapshot(tmp_path_factory.mktemp("pristine")) / "trainer"


@pytest.fixture
def attack(tmp_path: Path, pristine: Path, data: Path, zygote: Zygote) -> Attack:
    """The trainer, and an empty run."""
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(TINY)
    return Attack(snapshot(tmp_path, pristine), data, recipe, zygote)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, pristine: Path, data: Path, zygote: Zygote) -> Path:
    """A run of the trainer as it stands, for tests of its score."""
    folder = tmp_path_factory.mktemp("trained")
    recipe = folder / "tiny.yaml"
    recipe.write_text(TINY)
    honest = Attack(snapshot(folder, pristine), data, recipe, zygote)
    honest.train("8step")
    return honest.run
