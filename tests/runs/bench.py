"""Real keepers on small scripts, and the shortest ways to look at them."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from org.runs import devices, environment, executor, spec
from org.runs.devices import Device
from org.runs.spec import Outcome, Spec
from org.runs.warm import Images

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 120.0) -> T:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.03)


@dataclass
class Bench:
    """One folder with a snapshot, locks and runs."""

    folder: Path
    device: Device = Device("cpu:0", "cpu")  # noqa: RUF009

    def script(self, name: str, text: str) -> Path:
        path = self.folder / "snapshot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start(
        self,
        train: str,
        evaluate: str | None = None,
        pattern: str | None = None,
        timeout: float = 120.0,
        run: str = "R1",
        images: Images | None = None,
    ) -> Path:
        """Start a keeper; train and evaluate are Python, with the run's folder in sys.argv[1]. images: train is a module that
        may be forked from one."""
        folder = self.folder / "runs" / run
        lease = devices.lease(self.device.name, self.locks, f"lab {run}")
        assert lease is not None, "the device is taken"
        python = environment.python()
        script = str(self.script("train.py", train))
        told = Spec(
            run=run, device=self.device.name, threads=1, snapshot=str(self.folder / "snapshot"),
            train=[python, *(["-m", "train"] if images else [script]), str(folder)],
            evaluate=[python, str(self.script("evaluate.py", evaluate)), str(folder)] if evaluate else None,
            pattern=pattern, metric="loss", environment=environment.build(self.device, self.folder / "snapshot"),
            timeout_seconds=timeout, evaluate_timeout_seconds=timeout, warm=("decimal",) if images else (),
        )  # fmt: skip
        executor.start(folder, told, lease, images=images)
        return folder

    def timed_out(self, train: str, written: str) -> tuple[Path, Outcome, float]:
        """A run that never ends, ended at a deadline (returned) which leaves it the time to write that file."""
        for timeout in (1.0, 5.0, 30.0):
            folder = self.start(train, timeout=timeout, run=f"R{timeout:g}")
            outcome = self.outcome(folder)
            if (folder / written).exists():
                return folder, outcome, timeout
            eventually(self.is_free)
        raise AssertionError("it never wrote it")

    @property
    def locks(self) -> Path:
        return self.folder / "locks"

    def outcome(self, folder: Path) -> Outcome:
        return eventually(lambda: spec.read_outcome(folder))

    def is_free(self) -> bool:
        return devices.holder(self.device.name, self.locks) is None


def keeper_of(folder: Path) -> int:
    """The keeper's process: the parent of the training process."""
    return psutil.Process(child_of(folder)).ppid()


def child_of(folder: Path) -> int:
    path = folder / "train.pid"
    eventually(path.exists)
    return int(json.loads(path.read_text())["pid"])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
