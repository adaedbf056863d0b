"""`org try`: an uncounted run on a device leased at once. It runs in the caller's own process, under the device's lock;
the supervisor only leaves a device free for it."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from org.lab import environment
from org.lab.lab import Lab
from org.model.errors import DeviceError
from org.model.request import Request, State
from org.runs import devices, processes
from org.runs import environment as run_environment
from org.runs.devices import Device, Lease
from org.store import requests

WAIT_SECONDS = 0.2
VERB = "try"


@contextmanager
def leased(lab: Lab, actor: str, preferred: str | None, wait_seconds: float) -> Iterator[Device]:
    """A device of the lab for this process. While we wait, the supervisor keeps the next free one for us."""
    now = datetime.now(UTC)
    with lab.ledger.transaction() as tx:
        me = processes.identify(os.getpid())
        assert me is not None
        request = requests.ask(tx, VERB, actor, now, pid=me.pid, started=me.started)
    try:
        device, lease = _wait(lab, f"{lab.config.lab} org try by {actor}", preferred, wait_seconds)
    finally:
        with lab.ledger.transaction() as tx:
            requests.settle(tx, request.id, State.DONE, "ended", datetime.now(UTC))
    try:
        yield device
    finally:
        lease.release()


def is_waiting(request: Request) -> bool:
    """Whether the process of a try still lives; a killed one must not keep a device free for ever."""
    pid, started = request.args.get("pid"), request.args.get("started")
    return pid is not None and started is not None and processes.is_alive(processes.Identity(int(pid), float(started)))


def command(lab: Lab, device: Device, worktree: Path, out: Path, budget: str, seed: int) -> list[str]:
    """The task's training command, for the worktree as it is."""
    values = {
        "python": run_environment.python(), "seed": str(seed), "data_seed": str(seed), "budget": budget,
        "depth": "" if lab.rung.depth is None else str(lab.rung.depth), "data": str(lab.layout.data),
        "device": device.kind, "run": str(out),
    }  # fmt: skip
    return environment.fill(lab.config.task.command, values)


def run(argv: Sequence[str], device: Device, cwd: Path, deadline_seconds: float, say: Callable[[str], None]) -> int:
    """Run argv in its own process group on the device, passing its output on line by line. Returns its exit status;
    the group is gone afterwards, also on an interrupt."""
    child = subprocess.Popen(
        list(argv), cwd=cwd, env=run_environment.build(device, cwd), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    late = threading.Event()

    def end() -> None:  # from outside, for a child that says nothing would never let us look at the clock
        late.set()
        processes.end_group(child.pid, 2.0)

    timer = threading.Timer(deadline_seconds, end)
    timer.start()
    try:
        assert child.stdout is not None
        for line in child.stdout:
            say(line.rstrip())
        status = child.wait()
        if late.is_set():
            say(f"ended after {deadline_seconds / 60:g} min")
        return 0 if late.is_set() else status
    finally:
        timer.cancel()
        processes.end_group(child.pid, 2.0)
        child.wait()


def _wait(lab: Lab, holder: str, preferred: str | None, seconds: float) -> tuple[Device, Lease]:
    deadline = time.monotonic() + seconds
    order = sorted(lab.devices, key=lambda d: d.name != preferred)
    while True:
        for device in order:
            lease = devices.lease(device.name, lab.locks, holder)
            if lease is not None:
                return device, lease
        if time.monotonic() > deadline:
            held = "; ".join(f"{d.name}: {devices.holder(d.name, lab.locks)}" for d in order)
            raise DeviceError(f"no device became free within {seconds:.0f} s ({held}); give --wait more seconds")
        time.sleep(WAIT_SECONDS)
