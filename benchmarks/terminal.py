"""A program in a terminal of its own, as a person has it: what it writes, and when."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

QUIET_SECONDS = 0.3  # without a byte: it has drawn what it has to draw
DUMB_SECONDS = 3.0  # without a first byte: the key does nothing here


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from a key to the first byte that the program writes, and to the last. work_seconds: of processor until then,
    which is what the last would be on a machine that does nothing else."""

    first_seconds: float
    last_seconds: float
    work_seconds: float


class Terminal:
    """Close it, or leave the `with`. opened_at: when the program wrote its first byte (perf_counter), started_at: when it was
    started."""

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], columns: int, rows: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started_at = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=cwd, env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"}, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.opened_at, self.written = 0.0, b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *error: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        os.close(self._master)

    def until(self, fact: Callable[[bytes], bool], seconds: float = 60.0) -> float:
        """When everything that was written makes it true (perf_counter)."""
        end = time.perf_counter() + seconds
        while not fact(self.written):
            if time.perf_counter() > end:
                raise TimeoutError(self.written[-2000:])
            self._read(0.5)
        return time.perf_counter()

    def settled(self, quiet: float = QUIET_SECONDS) -> float:
        """When the last byte came before it was quiet (perf_counter)."""
        last = 0.0
        while self._read(quiet):
            last = time.perf_counter()
        return last

    def press(self, key: str) -> Answer:
        """What comes of the key; all 0 where it has nothing to answer."""
        worked, at = self._worked(), time.perf_counter()
        os.write(self._master, key.encode())
        if not self._read(DUMB_SECONDS):
            return Answer(0.0, 0.0, 0.0)
        first = last = time.perf_counter() - at
        work = self._worked() - worked
        while self._read(QUIET_SECONDS):
            last, work = time.perf_counter() - at, self._worked() - worked
        return Answer(first, last, work)

    def _worked(self) -> float:
        """Seconds of processor that all of the program's threads had until now."""
        if sys.platform == "linux":
            return time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3), in nanoseconds
        return float(sum(psutil.Process(self.process.pid).cpu_times()[:2]))

    def drain(self, seconds: float) -> None:
        """Take what it writes for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        self.written += os.read(self._master, 1 << 20)
        self.opened_at = self.opened_at or time.perf_counter()
        return True
