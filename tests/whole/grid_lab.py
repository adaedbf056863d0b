"""A lab in a real grid, driven as a person would: through the `org` program."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from laboratory import repository

from org import bootstrap
from org.lab.lab import Lab
from org.model.errors import OrgError
from org.store.tables import EVENTS

ORG = Path(sys.executable).parent / "org"
BRIEF = """---
title: A better fit
question: Which step size and degree fit best?
space:
  lr: {low: 0.05, high: 0.9}
  degree: [1, 2, 4, 5]
stop: {discards: 50}
---
A regression by gradient descent.
"""


@dataclass
class GridLab:
    """One lab with its grid. Everything goes through the program or is read from the ledger."""

    root: Path
    environment: dict[str, str]

    def org(self, *words: str, check: bool = True) -> str:
        done = self.ask(*words)
        assert not check or done.returncode == 0, f"org {' '.join(words)}: {done.stderr}{done.stdout}"
        return done.stdout.strip()

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ORG), *words], cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )

    def json(self, *words: str) -> Any:
        return json.loads(self.org(*words, "--json"))

    def lab(self) -> Lab:
        return bootstrap.opened(bootstrap.place(str(self.root / "config.yaml"), {}, self.root))

    def start(self) -> str:
        return self.org("start", "--detach")

    def verdicts(self) -> int:
        """How many were ever reached: after an alarm of the drift check some are taken back, and reached once more.

        From the ledger, for a verb at every look would take the processor from the lab.
        """
        with contextlib.closing(self.lab().ledger) as book:
            return EVENTS.count(book.reader, "WHERE kind IN ('experiment.better', 'experiment.discarded')")

    def supervisor(self) -> int:
        return int((self.root / "comms" / "supervisor.lock").read_text().strip())

    def pane_pid(self, agent: str) -> int:
        return next(p.pid for p in bootstrap.grid(self.lab()).panes() if p.agent == agent)

    def told(self) -> str:
        """Its state, its last events and what its panes show."""
        grid = bootstrap.grid(self.lab())
        panes = [f"{p.agent}: dead {p.dead}\n{grid.capture(p.agent, 40)}" for p in grid.panes() if p.agent != "dashboard"]
        return "\n\n".join([self.ask("status").stdout, self.ask("log", "--last", "60").stdout, *panes])

    def close(self) -> None:
        """End the grid, then whatever keepers still run (by the locks of their own folders)."""
        self.ask("stop")
        eventually(lambda: not any(_alive(p) for p in self._keepers()))

    def _keepers(self) -> list[int]:
        return [json.loads(p.read_text())["pid"] for p in (self.root / "comms" / "runs").glob("*/train.pid")]


def make(folder: Path, configure: Callable[[str], str] = lambda text: text) -> GridLab:
    root = repository(folder / "repository", "fit", configure)
    (root / "brief.md").write_text(BRIEF)
    for name in ("roles", "prompts"):
        (root / name).mkdir(exist_ok=True)
    (root / "roles" / "junior.md").write_text("You are {{ agent }}.\n")
    (root / "prompts" / "programs").mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORG_", "TMUX", "GIT_"))}
    environment |= {"ORG_DEVICE_LOCKS": str(folder / "locks"), "CUDA_VISIBLE_DEVICES": ""}  # beside idle GPUs a start is refused
    return GridLab(root, environment)


def eventually(done: Callable[[], object], seconds: float = 240.0) -> None:
    """Wait until done() is true; what it raises last is raised."""
    deadline, error = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            if done():
                return
            error = None
        except (OSError, ValueError, AssertionError, StopIteration, OrgError, psutil.Error) as caught:
            error = caught
        time.sleep(0.1)
    raise error or AssertionError(f"not within {seconds:.0f} s")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not _alive(pid))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(stat) and not stat.strip().startswith("Z")
