"""The local executor: starts keepers on this machine, asks after them, ends them. Everything it knows is in the run's
folder, so any process may ask."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from org.model.errors import DeviceError
from org.runs import devices, processes
from org.runs.devices import Lease
from org.runs.spec import Spec, write_spec
from org.runs.warm import Images


def start(folder: Path, spec: Spec, *leases: Lease, images: Images | None = None) -> None:
    """Start a keeper that inherits the locks of its devices and the lock of its run, from one of the images where it can.
    Closes our copies of the leases.

    All locks travel as open descriptors: there is no moment at which nobody holds them, and no keeper is ever
    mistaken for dead between its start and its first lock.
    """
    run_lock = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run_lock = _lock(folder)
        if run_lock is None:
            raise DeviceError(f"{folder} already has a keeper")
        write_spec(folder, spec)
        locks = (*(lease.descriptor for lease in leases), run_lock)
        with (folder / "keeper.log").open("ab") as log:
            if images is not None and images.fork(folder, spec, log.fileno(), locks):
                return
            subprocess.Popen(
                [sys.executable, "-m", "org.runs.keeper", str(folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=locks, cwd="/", env=_keeper_environment(folder),
            )  # fmt: skip
    finally:  # also when the disk is full: a lease that nobody releases would be the device's last
        if run_lock is not None:
            os.close(run_lock)
        devices.release(leases)


def is_kept(folder: Path) -> bool:
    """Whether a living keeper holds the run."""
    if not folder.exists():
        return False
    lock = _lock(folder)
    if lock is None:
        return True
    os.close(lock)
    return False


def cancel(folder: Path) -> None:
    """Ask the keeper to end its run; it answers with an outcome. A kill may have come before the folder was made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cancel").touch()


def end_orphan(folder: Path) -> bool:
    """End what a dead keeper left behind: its training group, and whatever left that group or was never written down.
    True when there was anything."""
    who = processes.recall(folder / "train.pid")
    found = who is not None and processes.has_group(who)
    if who is not None and found:
        processes.end_group(who.pid)
    return processes.end_marked(folder) or found


def _keeper_environment(folder: Path) -> dict[str, str]:
    # The keeper runs org's code; without the flag `-m` would put its cwd first on the path. It carries the mark itself:
    # a child between its fork and its exec has the keeper's environment.
    return {**os.environ, "PYTHONSAFEPATH": "1", **processes.mark(folder)}


def _lock(folder: Path) -> int | None:
    descriptor = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
