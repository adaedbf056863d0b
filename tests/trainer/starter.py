"""Runs of the trainer forked from a process that has imported torch, as org's own runs are (org/runs/warm.py): importing it
is most of a short run. Linux only; elsewhere every run starts cold.

    (done,) = Starter(environment).run(Command(["trainer", "train", …], root, {"PYTHONPATH": root}))    # `python -m trainer …`
"""

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

POSSIBLE = sys.platform == "linux"
SECONDS = 120.0  # for what runs at once


@dataclass(frozen=True, slots=True)
class Command:
    """arguments: a module or a script.py, then its own. environment: the whole of it."""

    arguments: Sequence[str]
    cwd: str
    environment: Mapping[str, str]


class Starter:
    """environment: of the process that imports torch; what is read while that happens has to be in it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=environment, pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._channel.settimeout(SECONDS)

    def run(self, *commands: Command) -> list[subprocess.CompletedProcess[str]]:
        """Run them beside each other to their ends. TimeoutError when that takes too long; nothing of them is left then."""
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2 * len(commands))]
            told = json.dumps([asdict(command) for command in commands]).encode()
            socket.send_fds(self._channel, [told], [file.fileno() for file in files])
            try:
                codes = json.loads(self._channel.recv(1 << 16))
            except TimeoutError:
                self.close()
                raise
            for file in files:
                file.seek(0)
            said = [file.read().decode() for file in files]
        told = zip(commands, codes, said[::2], said[1::2], strict=True)
        return [subprocess.CompletedProcess(command.arguments, *rest) for command, *rest in told]

    def close(self) -> None:
        """End it, and what it forked."""
        self._channel.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main(channel: socket.socket) -> None:
    """Import torch, then fork what is asked for and tell the exit codes, until the other end is closed."""
    import torch  # noqa: F401

    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    while True:
        told, descriptors, _, _ = socket.recv_fds(channel, 1 << 20, 64)
        if not told:
            return
        commands = [Command(**one) for one in json.loads(told)]
        children = []
        for command, *outputs in zip(commands, descriptors[::2], descriptors[1::2], strict=True):
            children.append(os.fork())
            if children[-1] == 0:
                _become(command, outputs)
        for descriptor in descriptors:
            os.close(descriptor)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        channel.send(json.dumps(codes).encode())


def _become(command: Command, outputs: Sequence[int]) -> None:
    """In the fork: be what `python command` would be, to its end."""
    for number, output in enumerate(outputs, 1):
        os.dup2(output, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(command.cwd)
    os.environ.clear()
    os.environ.update(command.environment)
    sys.path[:0] = command.environment["PYTHONPATH"].split(os.pathsep)
    what, *sys.argv[1:] = command.arguments
    sys.argv[0] = what
    status = 0
    try:
        if what.endswith(".py"):
            sys.path.insert(0, str(Path(what).parent))
            runpy.run_path(what, run_name="__main__")
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()  # lets idle pools go before it waits; a plain join never returns
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
