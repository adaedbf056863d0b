"""What the tests of the terminal share: a grid on its own socket, a loop that waits, a person at a terminal."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from org.terminal.attach import attach_command
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

T = TypeVar("T")


def eventually(ask: Callable[[], T], seconds: float = 120) -> T:
    """The first truthy answer; the last one when time is up."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def sleeper(agent: str, folder: Path, window: str = "grid-1", seconds: int = 300) -> PaneSpec:
    """A pane whose program does nothing for a while."""
    return shell(agent, folder, f"exec sleep {seconds}", window)


def shell(agent: str, folder: Path, script: str, window: str = "grid-1", **env: str) -> PaneSpec:
    """A pane that runs a line of sh."""
    return PaneSpec(agent, ["sh", "-c", script], folder, env, window, folder / "exits" / agent)


def screen_of_a_person(outside: Grid, lab: Grid, read_only: bool = False) -> str:
    """Attach to the lab from a pane of another tmux; the pane's name in `outside`."""
    command = attach_command(lab.socket_path, lab.session, read_only)
    outside.ensure([PaneSpec("person", ["env", "-u", "TMUX", *command], lab.conf.parent, {}, "desk")])
    return "person"


def dead(grid: Grid, agent: str) -> bool:
    """Whether the agent's pane is dead by now."""
    return grid.find(agent).dead
