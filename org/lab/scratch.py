"""`org try`: an uncounted run on a device leased at once. It runs in the caller's own process, under the device's lock;
the supervisor only leaves a device free for it. Nothing of it enters a verdict, but its device-time is spent by its agent and
its program: two events in the ledger say when the device was taken and for how long."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from org.lab import environment
from org.lab.lab import Lab
from org.lab.spend import admission, limits
from org.lab.spend.spending import Scope
from org.model.errors import DeviceError, Refused
from org.model.request import Request, State
from org.runs import devices, processes
from org.runs import environment as run_environment
from org.runs.devices import Device, Lease
from org.store import events, requests
from org.store.tables import AGENTS, EVENTS

WAIT_SECONDS = 0.2
END_SECONDS = 2.0  # of grace
VERB = "try"
HOLDER = "org try"  # as a lock's holder, after the lab's name
BEGAN, ENDED = "try.began", "try.ended"  # the second carries the seconds, and the number of the request as the first does
ENDINGS = (signal.SIGTERM, signal.SIGHUP)  # a closed pane


@contextmanager
def leased(lab: Lab, actor: str, preferred: str | None, wait_seconds: float) -> Iterator[Device]:
    """A device of the lab for this process. While we wait, the supervisor keeps the next free one for us.

    actor: an agent, whose device-time it is, or a person. Refused where a limit on device-time is spent.
    """
    now = datetime.now(UTC)
    program = _program(lab, actor)
    _refuse_spent(lab, actor, program)
    with lab.ledger.transaction() as tx:
        me = processes.identify(os.getpid())
        assert me is not None
        request = requests.ask(tx, VERB, actor, now, pid=me.pid, started=me.started)
    try:
        device, lease = _wait(lab, f"{lab.config.lab} {HOLDER} by {actor}", preferred, wait_seconds)
    finally:
        with lab.ledger.transaction() as tx:
            requests.settle(tx, request.id, State.DONE, "ended", datetime.now(UTC))
    since = time.monotonic()
    with lab.ledger.transaction() as tx:
        who = {"pid": me.pid, "started": me.started, "device": device.name, "program": program}
        events.append(tx, BEGAN, actor, actor, datetime.now(UTC), request=request.id, **who)
    try:
        with _ending_in_order():
            yield device
    finally:
        lease.release()
        with lab.ledger.transaction() as tx:
            _note_end(tx, actor, request.id, program, time.monotonic() - since, datetime.now(UTC))


def settle(lab: Lab, now: datetime) -> int:
    """End what tries have left whose process was killed before it could, and note their end: they count until now. Returns
    how many there were."""
    open_ = [
        began for began in EVENTS.select(lab.ledger.reader, _STILL_OPEN, BEGAN, ENDED)
        if not processes.is_alive(processes.Identity(int(began.detail["pid"]), float(began.detail["started"])))
    ]  # fmt: skip
    for began in open_:
        processes.end_marked(_mark(lab.layout.worktree(began.subject), int(began.detail["pid"])), END_SECONDS)
        with lab.ledger.transaction() as tx:
            seconds = (now - began.at).total_seconds()
            _note_end(tx, began.subject, int(began.detail["request"]), began.detail["program"], seconds, now)
    return len(open_)


def of_lab(lab: Lab, holder: str) -> str:
    """What of this lab holds a device: a run's id, or an `org try` (HOLDER …); "" where the holder is somebody else."""
    own = holder.removeprefix(f"{lab.config.lab} ")
    return "" if own == holder else own


def began(lab: Lab, device: Device) -> datetime | None:
    """When the try that has the device took it; None where none has."""
    found = [x for x in EVENTS.select(lab.ledger.reader, _STILL_OPEN, BEGAN, ENDED) if x.detail["device"] == device.name]
    return max((x.at for x in found), default=None)


_STILL_OPEN = (
    "AS began WHERE kind = ? AND NOT EXISTS (SELECT 1 FROM events AS ended WHERE ended.kind = ? "
    "AND ended.subject = began.subject AND json_extract(ended.detail, '$.request') = json_extract(began.detail, '$.request'))"
)


def _mark(worktree: Path, pid: int) -> Path:
    """What the try of that process marks its run with, as a run's folder marks a run; no such folder is made."""
    return worktree / f".try-{pid}"


def _note_end(con: sqlite3.Connection, actor: str, request: int, program: str | None, seconds: float, now: datetime) -> None:
    events.append(con, ENDED, actor, actor, now, request=request, program=program, seconds=round(max(seconds, 0.0), 3))


def _program(lab: Lab, actor: str) -> str | None:
    agent = AGENTS.find(lab.ledger.reader, actor)
    return agent.program if agent is not None else None


def _refuse_spent(lab: Lab, actor: str, program: str | None) -> None:
    scopes: list[tuple[Scope, str]] = [("lab", ""), ("agent", actor)]
    if program is not None:
        scopes.append(("program", program))
    for scope, name in scopes:
        for limit in limits.of_scope(lab, lab.ledger.reader, scope, name):
            if admission.spends(lab, limit.unit) and (at := limits.standing(lab, lab.ledger.reader, limit)).is_full:
                raise Refused(f"no device for a try: {at.words}")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """A pane that is closed ends its try as an interrupt would: the run's group goes, and its seconds are noted."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, leave) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_waiting(request: Request) -> bool:
    """Whether the process of a try still lives; a killed one must not keep a device free for ever."""
    pid, started = request.args.get("pid"), request.args.get("started")
    return pid is not None and started is not None and processes.is_alive(processes.Identity(int(pid), float(started)))


def command(lab: Lab, device: Device, worktree: Path, out: Path, budget: str, seed: int) -> list[str]:
    """The task's training command, for the worktree as it is."""
    values = {
        "python": run_environment.python(), "seed": str(seed), "data_seed": str(seed), "budget": budget,
        "depth": "" if lab.rung.depth is None else str(lab.rung.depth), "data": str(lab.layout.data),
        "device": device.kind, "run": str(out), "gang": "1",
    }  # fmt: skip
    return environment.fill(lab.config.task.command, values)


def run(argv: Sequence[str], device: Device, cwd: Path, deadline_seconds: float, say: Callable[[str], None]) -> int:
    """Run argv in its own process group on the device, passing its output on line by line. Returns its exit status;
    the group is gone afterwards, also on an interrupt. A kill of this process leaves it to settle(), which knows its mark."""
    variables = run_environment.build(device, cwd) | processes.mark(_mark(cwd, os.getpid()))
    child = subprocess.Popen(
        list(argv), cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    late = threading.Event()

    def end() -> None:  # from outside, for a child that says nothing would never let us look at the clock
        late.set()
        processes.end_group(child.pid, END_SECONDS)

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
        processes.end_group(child.pid, END_SECONDS)
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
