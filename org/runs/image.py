"""The process that runs are forked from: it has imported what every run imports, torch, and nothing of a run's own code.

Started by warm.py as a script, `python image.py CHANNEL MODULE…`, in the environment of a run less what differs between
runs. For each run it forks a keeper, and that, before it imports anything of org, its stem: a child that waits for a
command and becomes what `python -m MODULE …` would be. Only Python's own library is imported here.

    supervisor ─ channel ─ image          one process per environment; ends when the supervisor does
                             └─ keeper    holds the locks; imports org
                                  └─ stem, then the training process
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

MARK = "ORG_RUN"  # as in processes.py, which imports what this file must not
ROOM = "ORG_RUN_ROOM"  # what is left of the bytes that the environment holds free for a mark
MARK_BYTES, LONGEST_FOLDER = 4096, 4000
MOST_BYTES, MOST_DESCRIPTORS = 1 << 20, 64
REAP_SECONDS = 1.0
READY, GO = b"ready", b"go"
ENVIRONMENT_BEGINS, ENVIRONMENT_ENDS = 47, 48  # of /proc/self/stat, counted behind the process's name


def main(channel: socket.socket, modules: list[str]) -> None:
    """Import, say so, fork a keeper for each message; returns when the other end is closed."""
    sys.modules["org"] = None  # type: ignore[assignment]  # pickle would import a package of this name, if there is one
    for name in modules:
        importlib.import_module(name)
    del sys.modules["org"]
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:  # a fork would take over their locks without them
        sys.exit(f"{', '.join(modules)} started {threads - 1} threads; runs start without them")
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    channel.send(READY)
    while True:
        readable, _, _ = select.select([channel], [], [], REAP_SECONDS)
        _reap()
        if readable:
            told, descriptors = receive(channel)
            if told is None:
                return
            if os.fork() == 0:
                channel.close()
                _keep(told, descriptors)
                return
            for descriptor in descriptors:
                os.close(descriptor)


def receive(channel: socket.socket) -> tuple[Any, list[int]]:
    """A JSON message and its descriptors; None when the other end is closed."""
    data, descriptors, _, _ = socket.recv_fds(channel, MOST_BYTES, MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    return (json.loads(data) if data else None), list(descriptors)


def _reap() -> None:
    """Keepers that are done."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(told: dict[str, Any], descriptors: list[int]) -> None:
    """In the fork: be the keeper of the run. The locks among the descriptors stay open as long as it lives."""
    os.setsid()
    _mark(told["folder"])
    loaded = frozenset(sys.modules)
    talk, log = socket.socket(fileno=descriptors[0]), descriptors[1]
    os.dup2(log, 1)
    os.dup2(log, 2)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    os.close(log)
    if not _is_wanted(talk):
        os._exit(0)
    if (stem := os.fork()) == 0:
        ours.close()
        _become(theirs)
        return
    theirs.close()
    os.environ[MARK] = told["folder"]
    sys.path[:] = told["path"]
    from org.runs import children, keeper  # not before the stem is forked, which must not have it

    keeper.serve(told["folder"], children.Stem(stem, ours, loaded))
    sys.stdout.flush()
    os._exit(0)  # what torch would tidy up at the end holds nothing of ours


def _is_wanted(talk: socket.socket) -> bool:
    """Whether the supervisor waited for us; where it did not, this run has another keeper."""
    with talk, contextlib.suppress(OSError):
        talk.send(READY)
        return talk.recv(len(GO)) == GO
    return False


def _mark(folder: str) -> None:
    """Write the run's mark where others see it, in the environment that this process was started with."""
    with open("/proc/self/stat", "rb") as file:
        stat = file.read().rpartition(b")")[2].split()
    begin, end = int(stat[ENVIRONMENT_BEGINS]), int(stat[ENVIRONMENT_ENDS])
    place = begin + ctypes.string_at(begin, end - begin).index(f"{MARK}=".encode())
    mark = f"{MARK}={folder}\0{ROOM}=".encode()
    ctypes.memmove(place, mark, len(mark))


def _become(wire: socket.socket) -> None:
    """In the keeper's fork: wait for a command, then be it. Without one, when the keeper is gone, there is nothing to do."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in whatever else a keeper starts
    only = os.dup2(wire.detach(), 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    wire = socket.socket(fileno=only)
    told, descriptors = receive(wire)
    if told is None:
        os._exit(0)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    wire.detach()
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.path[:0] = [part for part in told["environment"].get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.argv = [told["module"], *told["arguments"]]
    sys.orig_argv[:] = [sys.executable, "-m", *sys.argv]
    os._exit(_status(lambda: runpy.run_module(told["module"], run_name="__main__", alter_sys=True)))


def _status(run: Callable[[], object]) -> int:
    """Run the command to its end as an interpreter would: exit status, last words, threads, exit handlers. What follows
    there, the end of every module, would copy most of the image and takes half a second."""
    status = 0
    try:
        run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if not isinstance(end.code, int | None):
            print(end.code, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # lets idle pools go before it waits; a plain join never returns
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status & 0xFF


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
