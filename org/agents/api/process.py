"""A command in a process group of its own, with a deadline. Nothing of the group outlives it: neither a command that is
cancelled or too slow, nor what a finished one left running behind it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from org.runs import processes

KEPT = 60_000  # characters of output that are kept: the first and the last of them
GRACE_SECONDS = 2.0  # between asking a group to end and ending it
LOOK_SECONDS = 0.1  # between looks at whether it has ended
DRAIN_SECONDS = 0.3  # for output that is still in the pipe when the command has ended


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. code is None when its deadline passed. left: processes of its group that were ended."""

    code: int | None
    output: str
    seconds: float
    left: int = 0


@dataclass(slots=True)
class Output:
    """The beginning and the end of a stream, however long it is."""

    heard: Callable[[str], None]
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    dropped: int = 0

    def take(self, data: bytes) -> None:
        room = KEPT // 2 - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[max(room, 0) :]
        over = len(self.tail) - KEPT // 2
        if over > 0:
            self.dropped += over
            del self.tail[:over]
        self.heard(data.decode("utf-8", "replace"))

    @property
    def text(self) -> str:
        if not self.dropped:
            return bytes(self.head + self.tail).decode("utf-8", "replace")
        head, tail = (bytes(part).decode("utf-8", "replace") for part in (self.head, self.tail))
        return f"{head}\n[… {self.dropped} bytes left out …]\n{tail}"


async def run(
    argv: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float,
    *, started: Callable[[int, float], None] = lambda group, born: None, heard: Callable[[str], None] = lambda text: None,
) -> Ran:  # fmt: skip
    """Run it to its end; OSError when it cannot be started. started gets the group's number and its leader's start."""
    begin = time.monotonic()
    output = Output(heard)
    # Not asyncio's own subprocess: its wait() ends with the pipe, which a process left behind holds open.
    reading, writing = os.pipe()
    try:
        child = subprocess.Popen(
            argv, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    asyncio.get_running_loop().add_reader(reading, _take, reading, output)
    code: int | None = None
    try:
        started(child.pid, born(child.pid))
        async with asyncio.timeout(seconds):
            code = await _ended(child)
    except TimeoutError:
        pass
    finally:
        left = await asyncio.shield(_finish(child, reading, output))
    return Ran(code, output.text, time.monotonic() - begin, left if code is not None else 0)


def born(pid: int) -> float:
    """When a process began, seconds since the epoch; 0 when it is gone."""
    who = processes.identify(pid)
    return who.started if who else 0.0


def end_orphans(group: int, began: float) -> bool:
    """End a group that an earlier life of this program started, if its leader is still the same process. True if so."""
    if not began or abs(born(group) - began) > 0.01:
        return False
    _signal(group, signal.SIGKILL)
    return True


async def _ended(child: "subprocess.Popen[bytes]") -> int:
    """The command's exit code, once it has ended."""
    pause = 0.005
    while (code := child.poll()) is None:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LOOK_SECONDS)
    return code


def _take(reading: int, output: Output) -> bool:
    """Read what is there; False at the end of the stream."""
    try:
        data = os.read(reading, 65536)
    except BlockingIOError:
        return True
    except OSError:
        data = b""
    if not data:
        asyncio.get_running_loop().remove_reader(reading)
        return False
    output.take(data)
    return True


async def _finish(child: "subprocess.Popen[bytes]", reading: int, output: Output) -> int:
    """End what is left of the group, then read what is left in the pipe. Returns how many were still running."""
    left = processes.members(child.pid)
    if left:
        _signal(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while child.poll() is None or (processes.members(child.pid) and time.monotonic() < deadline):
            if time.monotonic() > deadline:
                _signal(child.pid, signal.SIGKILL)
            await asyncio.sleep(0.02)
        _signal(child.pid, signal.SIGKILL)
    await _ended(child)
    deadline = time.monotonic() + DRAIN_SECONDS
    while _take(reading, output) and time.monotonic() < deadline:
        await asyncio.sleep(0.002)
    asyncio.get_running_loop().remove_reader(reading)
    os.close(reading)
    return left


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
