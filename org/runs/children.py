"""What a keeper starts: a process of its own making, or the stem that it was born with, which has imported torch already.

Either is the keeper's child and leads its own session, so that a keeper treats both alike.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

START_UP = ("sitecustomize", "usercustomize")  # Python imports them before a command begins; a stem is past that


class Child(Protocol):
    """A process that was started; its id is that of its session and group, too."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""

    def wait(self) -> int:
        """The same, once it has ended."""


def cold(command: Sequence[str], cwd: str, environment: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> Child:
    """Start a program. Raises OSError where it is none."""
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
    )


class Stem:
    """A child that waits to become a command (image.py)."""

    def __init__(self, pid: int, wire: socket.socket, loaded: frozenset[str]) -> None:
        """loaded: names of the modules that it has imported."""
        self.pid = pid
        self._wire, self._loaded = wire, loaded
        self._status: int | None = None

    def takes(self, command: Sequence[str], cwd: str) -> bool:
        """Whether it would be what the command would be if it were started: a module of this interpreter, none of whose
        imports the current folder would have answered in another way."""
        if list(command[:2]) != [sys.executable, "-m"] or len(command) < 3:
            return False
        here = {name.partition(".")[0] for name in os.listdir(cwd)}
        return not here & {*self._loaded, *START_UP}

    def become(self, command: Sequence[str], cwd: str, environment: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> bool:
        """Let it be the command; False where it is gone, and has done nothing."""
        told = {"module": command[2], "arguments": list(command[3:]), "cwd": cwd, "environment": dict(environment)}
        try:
            with Path(os.devnull).open("rb") as nothing:
                descriptors = [nothing.fileno(), out.fileno(), err.fileno()]
                socket.send_fds(self._wire, [json.dumps(told).encode()], descriptors)
        except OSError:
            return False
        finally:
            self._wire.close()
        return True

    def dismiss(self) -> None:
        """It is not needed: let it end."""
        self._wire.close()
        self.wait()

    def poll(self) -> int | None:
        if self._status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status


def start(
    command: Sequence[str], cwd: str, environment: Mapping[str, str], out: IO[bytes], err: IO[bytes], stem: Stem | None
) -> Child:
    """Start it from the stem where there is one that can be it, else as a new process. Raises OSError."""
    if stem is not None:
        if stem.takes(command, cwd) and stem.become(command, cwd, environment, out, err):
            return stem
        stem.dismiss()
    return cold(command, cwd, environment, out, err)
