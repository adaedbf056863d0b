"""The supervisor's share of one core with 64 idle agents (shells) in a real grid, with everything it does for an agent."""

import time
from dataclasses import replace
from pathlib import Path

from benchmarks import lab as labs
from org import bootstrap
from org.supervisor import loop
from org.terminal import conf
from org.terminal.grid import Grid

AGENTS = 64
SECONDS = 30.0
SETTLING_TICKS = 20


def measure(folder: Path) -> dict[str, float]:
    laboratory = labs.of_agents(folder, AGENTS, "human")
    office = bootstrap.office(laboratory.lab)
    socket = folder / "s"
    grid = Grid(socket, "bench", conf.write(folder, socket, "bench", folder, ["true"]))
    specs = [spec for name in office.desks if (spec := office.spec(name))]
    grid.ensure(specs)
    laboratory.office = replace(office, grid=grid, say=lambda line: None)
    _settle(laboratory)
    started, cpu = time.monotonic(), time.process_time()
    ticks = 0
    while time.monotonic() - started < SECONDS:
        at = time.monotonic()
        failed = laboratory.tick()
        assert not failed, failed
        ticks += 1
        time.sleep(max(0.0, loop.TICK_SECONDS - (time.monotonic() - at)))
    share = (time.process_time() - cpu) / (time.monotonic() - started)
    idle = sum(desk.looked for desk in laboratory.office.desks.values())
    grid.kill_server()
    return {"cpu_share": round(share, 4), "ticks": ticks, "agents_looked_at": idle}


def _settle(laboratory: labs.Laboratory) -> None:
    """The first ticks write prompts and greet everybody."""
    for _ in range(SETTLING_TICKS):
        laboratory.tick()
        time.sleep(loop.TICK_SECONDS)
