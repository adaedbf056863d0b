"""How scorer and host talk: tokens and logits in one shared mapping, and two pipes with one JSON object a line.

A request is {} for the predictions at every place of all rows; {"rows", "T", "places"} for those at some places of a
smaller batch, which a shape with `places` is for. The mapping's file has no name any more when the host starts, so nothing
is left behind whoever dies.
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
    """Rows, tokens a row, vocabulary of the largest exchanged batch; how many of its predictions are sent, 0 = all."""

    rows: int
    T: int
    vocab: int
    places: int = 0

    @property
    def token_bytes(self) -> int:
        """Bytes of the tokens, int64, at the start of the mapping."""
        return self.rows * self.T * 8

    @property
    def logit_start(self) -> int:
        """Bytes before the logits: tokens and places, int64."""
        return self.token_bytes + self.places * 8

    @property
    def predictions(self) -> int:
        """Predictions that there is room for."""
        return self.places or self.rows * self.T

    @property
    def size(self) -> int:
        """Bytes of tokens, places and float32 logits."""
        return self.logit_start + self.predictions * self.vocab * 4


class Mapping:
    """Seen by both processes: `tokens` (rows, T) int64, `places` int64, and `logits` float32, (rows, T, V) or (places, V).

    A place is row * T + column of a prediction in the batch of its request.
    """

    def __init__(self, file: int, shape: Shape) -> None:
        self._map = mmap.mmap(file, shape.size)
        tokens = numpy.frombuffer(self._map, numpy.int64, shape.rows * shape.T)
        logits = numpy.frombuffer(self._map, numpy.float32, shape.predictions * shape.vocab, shape.logit_start)
        self.tokens = tokens.reshape(shape.rows, shape.T)
        self.places = numpy.frombuffer(self._map, numpy.int64, shape.places, shape.token_bytes)
        self.logits = logits.reshape(*((shape.places,) if shape.places else (shape.rows, shape.T)), shape.vocab)

    def asked(self, request: dict[str, Any]) -> tuple[numpy.ndarray, numpy.ndarray | None]:
        """Tokens (rows, T) of this request, and its places; None stands for all of them."""
        if not request:
            return self.tokens, None
        rows, T = request["rows"], request["T"]
        return self.tokens.reshape(-1)[: rows * T].reshape(rows, T), self.places[: request["places"]]


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
