"""Panes up for 8 and 64 agents: from nothing to every pane's process running."""

import time
from pathlib import Path

from org.terminal import conf
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

COUNTS = (8, 64)


def measure(folder: Path) -> dict[str, float]:
    return {f"seconds_for_{count}": round(_raise(folder / str(count), count), 3) for count in COUNTS}


def _raise(folder: Path, count: int) -> float:
    folder.mkdir()
    socket = folder / "s"
    grid = Grid(socket, "bench", conf.write(folder, socket, "bench", folder, ["true"]))
    specs = [PaneSpec(f"agent-{i}", ["sleep", "600"], folder, {}, f"grid-{i // 9 + 1}") for i in range(count)]
    started = time.perf_counter()
    grid.ensure(specs)
    while sum(not pane.dead and pane.pid > 0 for pane in grid.panes()) < count:
        time.sleep(0.01)
    seconds = time.perf_counter() - started
    grid.kill_server()
    return seconds
