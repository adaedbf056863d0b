"""Keepers that are forked instead of started: the supervisor's side. An image (image.py) has paid for `import torch` once.

It is asked over a socket that nobody else has, and ends when this process closes its end or dies. Whatever goes wrong with
it, the keeper is started the plain way: a run is never lost to it. Linux only; elsewhere it does nothing.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from org.runs import image
from org.runs.spec import Spec

OF_A_RUN = ("PYTHONPATH", "CUDA_VISIBLE_DEVICES")  # what differs between runs and is read after torch is loaded
LOG = "warm.log"  # in the folder of the run that an image was started for
MOST_STARTS = 3  # of one image, before it is given up


@dataclass(slots=True)
class _Image:
    """One process, or none any more."""

    process: subprocess.Popen[bytes]
    channel: socket.socket  # never waits: the office must not stand still for an image that imports
    log: Path
    ready: bool = False

    def is_ready(self) -> bool:
        """Whether it can fork. Raises OSError when it is gone."""
        if self.process.poll() is not None:
            raise ConnectionError("it ended")
        if not self.ready:
            try:
                self.ready = self.channel.recv(len(image.READY)) == image.READY
            except BlockingIOError:
                return False
            if not self.ready:
                raise ConnectionError("it ended")
        return True

    def close(self) -> None:
        """End it; the keepers that it forked go on."""
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def last_words(self) -> str:
        """Of its log, and where that is."""
        try:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError as error:
            said = [str(error)]
        return f"{said[-1] if said else 'it said nothing'} ({self.log.parent.name}/{self.log.name})"


@dataclass(slots=True)
class Images:
    """Of one lab. Those that nobody holds any more end by themselves. patience_seconds: for a fork, which takes hundredths
    of one."""

    patience_seconds: float = 10.0
    _images: dict[str, _Image] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)
    _given_up: list[str] = field(default_factory=list)

    def fork(self, folder: Path, spec: Spec, log: int, locks: Sequence[int]) -> bool:
        """A keeper for the run, which inherits the locks, from the image of its environment. False: there is none (yet).

        The keeper waits for our word before it does anything, so that a run has one keeper even where this gives up.
        """
        if not spec.warm or sys.platform != "linux" or len(os.path.realpath(folder).encode()) > image.LONGEST_FOLDER:
            return False
        environment = {name: value for name, value in spec.environment.items() if name not in OF_A_RUN}
        key = json.dumps([spec.warm, environment], sort_keys=True)
        found = self._images.get(key)
        try:
            if found is None:
                self._start(key, spec.warm, environment, folder)
                return False
            return found.is_ready() and _forked(found, folder, log, locks, self.patience_seconds)
        except OSError as error:  # it is gone, or does not answer, or could not be started
            self._lose(key, spec.warm, error)
            return False

    def given_up(self) -> list[str]:
        """What a person should know: the images that are not tried again, each told once."""
        told, self._given_up[:] = list(self._given_up), []
        return told

    def close(self) -> None:
        """End them all."""
        while self._images:
            self._images.popitem()[1].close()

    def _lose(self, key: str, modules: Sequence[str], error: OSError) -> None:
        gone = self._images.pop(key, None)
        if gone is not None:
            gone.close()
        if self._starts.get(key) == MOST_STARTS:
            last = str(error) if gone is None else gone.last_words()
            self._given_up.append(f"runs start without {', '.join(modules)} imported: no image lasts; the last said: {last}")

    def _start(self, key: str, modules: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        if self._starts.get(key, 0) == MOST_STARTS:
            return
        self._starts[key] = self._starts.get(key, 0) + 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, image.__file__, str(theirs.fileno()), *modules], cwd="/", start_new_session=True,
                env={**environment, image.MARK: " " * image.MARK_BYTES}, pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        ours.setblocking(False)
        self._images[key] = _Image(process, ours, folder / LOG)


def _forked(found: _Image, folder: Path, log: int, locks: Sequence[int], patience_seconds: float) -> bool:
    """Raises OSError where the image does not answer."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        ours.settimeout(patience_seconds)
        with theirs:
            told = {"folder": os.path.realpath(folder), "path": sys.path}
            socket.send_fds(found.channel, [json.dumps(told).encode()], [theirs.fileno(), log, *locks])
        if ours.recv(len(image.READY)) != image.READY:
            raise ConnectionError("it forked no keeper")
        ours.send(image.GO)
    return True
