"""The supervisor's share of one core with 64 idle agents in a real grid."""

import time
from dataclasses import replace
from pathlib import Path

from benchmarks import lab as labs
from org.supervisor import loop
from org.terminal import conf
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec

AGENTS = 64
SECONDS = 20.0


def measure(folder: Path) -> dict[str, float]:
    laboratory = labs.of_agents(folder, AGENTS)
    socket = folder / "s"
    grid = Grid(socket, "bench", conf.write(folder, socket, "bench", folder, ["true"]))
    specs = tuple(PaneSpec(f"junior-{i + 1}", ["sleep", "600"], folder, {}, f"grid-{i // 9 + 1}") for i in range(AGENTS))
    grid.ensure(specs)
    office = replace(laboratory.office, grid=grid, specs=specs)
    laboratory.office = office
    laboratory.tick()
    started, cpu = time.monotonic(), time.process_time()
    ticks = 0
    while time.monotonic() - started < SECONDS:
        at = time.monotonic()
        laboratory.tick()
        ticks += 1
        time.sleep(max(0.0, loop.TICK_SECONDS - (time.monotonic() - at)))
    share = (time.process_time() - cpu) / (time.monotonic() - started)
    grid.kill_server()
    return {"cpu_share": round(share, 4), "ticks": ticks}
