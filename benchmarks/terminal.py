"""A program in a terminal of its own, as a person has it: what it writes, and when."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

QUIET_SECONDS = 0.3  # without a byte: it has drawn what it has to draw
DUMB_SECONDS = 3.0  # without a first byte: the key does nothing here


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

    def press(self, key: str) -> tuple[float, float]:
        """Seconds until its first byte in answer to the key, and until its last; 0 where it has nothing to answer."""
        at = time.perf_counter()
        os.write(self._master, key.encode())
        if not self._read(DUMB_SECONDS):
            return 0.0, 0.0
        first = time.perf_counter()
        return first - at, max(self.settled(), first) - at

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
