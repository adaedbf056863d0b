"""Real tmux on sockets of the test's own, in a short folder; the servers end with the test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from org.terminal import conf
from org.terminal.grid import Grid


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path: pytest's own are near the limit of a socket's."""
    made = Path(tempfile.mkdtemp(prefix="org-t-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def grid(folder: Path) -> Iterator[Grid]:
    """A lab's grid whose `org` command writes down how it was called."""
    org = folder / "fake org"
    org.write_text('#!/bin/sh\necho "$ORG_LAB $*" >> "$(dirname "$0")/calls"\necho "did #(date) $* 100%"\n')
    org.chmod(0o755)
    made = Grid(folder / "s", "lab", conf.write(folder / "conf", folder / "s", "demo", folder / "my lab", [str(org)]))
    yield made
    made.kill_server()


@pytest.fixture
def outside(folder: Path) -> Iterator[Grid]:
    """Another tmux, in which a person sits."""
    made = Grid(folder / "o", "desk", conf.write(folder / "outer", folder / "o", "desk", folder, ["true"]))
    yield made
    made.kill_server()
