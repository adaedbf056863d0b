"""How scorer and host talk: tokens and logits in one shared mapping, and two pipes with one JSON object a line.

The mapping's file has no name any more when the host starts, so nothing is left behind whoever dies.
"""

import json
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows, tokens a row, vocabulary of one exchanged batch."""

    rows: int
    T: int
    vocab: int

    @property
    def token_bytes(self) -> int:
        """Bytes of the tokens, int64, at the start of the mapping."""
        return self.rows * self.T * 8

    @property
    def size(self) -> int:
        """Bytes of tokens and float32 logits."""
        return self.token_bytes + self.rows * self.T * self.vocab * 4


class Mapping:
    """`tokens` (rows, T) int64 and `logits` (rows, T, V) float32, seen by both processes."""

    def __init__(self, file: int, shape: Shape) -> None:
        self._map = mmap.mmap(file, shape.size)
        tokens = numpy.frombuffer(self._map, numpy.int64, shape.rows * shape.T)
        logits = numpy.frombuffer(self._map, numpy.float32, shape.rows * shape.T * shape.vocab, shape.token_bytes)
        self.tokens = tokens.reshape(shape.rows, shape.T)
        self.logits = logits.reshape(shape.rows, shape.T, shape.vocab)


def unnamed_file(folder: Path, size: int) -> int:
    """A file descriptor of `size` zero bytes on `folder`'s disk, without a name."""
    path = folder / f".logits.{os.getpid()}"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    path.unlink()
    os.ftruncate(file, size)
    return file


def send(file: int, message: dict[str, Any]) -> None:
    """Write one line; raises BrokenPipeError when the other side is gone."""
    os.write(file, (json.dumps(message) + "\n").encode())


def receive(file: int) -> dict[str, Any] | None:
    """Read one line, or None when the other side is gone."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(file, 4096)
        if not byte:
            return None
        line += byte
    message: dict[str, Any] = json.loads(line)
    return message
