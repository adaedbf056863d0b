"""Shared fixtures. Every lab of a test has its own folder, ledger, device locks and tmux socket."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

sys.path.insert(0, str(Path(__file__).parent))

from laboratory import Laboratory, make, open_
from played import Played

from org.cli import main

# The files that take longest, in that order. Two workers share the files; whoever got one of these last would end alone.
LONGEST = (
    "test_grid", "test_trainer_data", "test_on_the_trainer", "test_dashboard_screens", "test_protocol", "test_api_lab",
    "test_api_pane", "test_trainer_resume", "test_trainer_ranks", "test_dashboard_sizes", "test_tampering_in_training",
    "test_tampering_at_the_score", "test_interrupted", "test_org", "test_rechecks", "test_stacks", "test_campaigns",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False  # pytest-xdist would hand out the files with many tests first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(autouse=True)
def own_device_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a device of a running lab, or holds one."""
    monkeypatch.setenv("ORG_DEVICE_LOCKS", str(tmp_path / "locks"))


@pytest.fixture(autouse=True)
def plain_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in a pane reads nobody's start-up files: pyenv's wait a minute for a lock that another shell holds."""
    monkeypatch.setenv("SHELL", "/bin/sh")


@pytest.fixture
def founded_as(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Founds labs of a kind, with an open program and everybody on it: founded_as(Played, "a", configure=…, stop=…)."""
    labs: list[Laboratory] = []

    def build(
        kind: type[Laboratory], name: str = ".", configure: Callable[[str], str] = lambda text: text, **brief: object
    ) -> Laboratory:
        made = make(tmp_path / name, configure=configure)
        lab = kind(made.lab, made.office)
        labs.append(lab)
        lab.program(**brief)  # type: ignore[arg-type]
        return lab

    yield build
    for lab in labs:
        lab.lab.ledger.close()


@pytest.fixture
def fit(founded_as: Callable[..., Laboratory]) -> Laboratory:
    """A lab on the one-second regression, with an open program and both juniors on it."""
    return founded_as(Laboratory)


@pytest.fixture
def played(founded_as: Callable[..., Played]) -> Played:
    """The same with played keepers."""
    return founded_as(Played)


@pytest.fixture
def reopened() -> Callable[[Any], Any]:
    """A killed supervisor, and the next one on the same folder: nothing but files is kept, and how its runs are played."""

    def again(old: Laboratory) -> Laboratory:
        old.lab.ledger.close()
        new = open_(old.lab.layout.root)
        play = {f.name: getattr(old, f.name) for f in fields(old) if f.name not in ("lab", "office")}
        return type(old)(new.lab, new.office, **play)

    return again


@pytest.fixture
def terminal() -> dict[str, str]:
    """What `say` speaks in."""
    return {"COLUMNS": "250"}


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, terminal: dict[str, str]) -> Callable[..., Result]:
    """`org …` in this process as the person of a lab (or of the lab in a comms folder), or as an agent. Returns click's
    result; an OrgError is in its exception."""

    def speak(lab: Laboratory | Path, *words: str, agent: str | None = None) -> Result:
        monkeypatch.setenv("ORG_LAB", str(lab if isinstance(lab, Path) else lab.lab.layout.comms))
        monkeypatch.setenv("ORG_AGENT", agent) if agent else monkeypatch.delenv("ORG_AGENT", raising=False)
        return CliRunner().invoke(main.org, list(words), env=terminal)

    return speak
