"""Offices with a pane, closed after the test."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from laboratory import make
from manned_office import Manned
from tiny_backend import TinyBackend

from org.agents.backend import Nudging
from org.terminal import conf
from org.terminal.grid import Grid


@pytest.fixture
def manned(tmp_path: Path) -> Iterator[Callable[..., Manned]]:
    """Builds an office whose junior-1 runs the tiny program."""
    made: list[Manned] = []

    def build(*arguments: str, way: Nudging = Nudging.TYPED) -> Manned:
        plain = make(tmp_path)
        folder = Path(tempfile.mkdtemp(prefix="org-s-"))
        grid = Grid(folder / "s", "lab", conf.write(folder / "conf", folder / "s", "test", plain.lab.layout.comms, ["true"]))
        lab = Manned(plain.lab, plain.office)
        lab.office.grid = grid
        made.append(lab)
        lab.seat(TinyBackend(arguments=arguments, nudging=way))
        if not arguments:
            lab.eventually(lambda: lab.agent().state == "idle")
        return lab

    yield build
    for lab in made:
        assert lab.office.grid is not None
        lab.office.grid.kill_server()
        lab.lab.ledger.close()
