"""Documents become rows of exactly T + 1 tokens in which nothing is lost.

A document is cut into chunks of at most T tokens, each opened by BOS. Full chunks are rows; short ones wait and are
packed best fit (the longest that fits goes first). What no waiting chunk fits is filled with the beginning of one,
whose rest waits on as a chunk of its own. So every document token is served once an epoch and always as a target.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy

WAITING = 256  # short chunks that wait before a row is packed from them


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens [start, stop) of the corpus."""

    start: int
    stop: int


def chunks(lengths: Iterable[int], T: int) -> list[Chunk]:
    """Cut documents of these lengths, end to end, into chunks of at most T tokens."""
    found, start = [], 0
    for length in lengths:
        stop = start + int(length)
        found += [Chunk(begin, min(begin + T, stop)) for begin in range(start, stop, T)]
        start = stop
    return found


class Packer:
    """Turns chunks into rows, and counts document tokens: taken from the corpus, served in rows, still waiting."""

    def __init__(self, tokens: numpy.ndarray, T: int, bos: int) -> None:
        """tokens: the corpus, end to end."""
        self.tokens, self.T, self.bos = tokens, T, bos
        self.taken = self.served = 0
        self._waiting: list[tuple[int, int]] = []  # (length, start), the longest last

    @property
    def kept_fraction(self) -> float:
        """Share of the taken tokens that was served or still waits; below 1 something was thrown away."""
        return (self.served + sum(length for length, _ in self._waiting)) / max(self.taken, 1)

    def rows(self, ordered: Iterable[Chunk]) -> Iterator[numpy.ndarray]:
        """Rows (T + 1,) int64, each opened by BOS, from chunks in this order; short chunks wait on at the end."""
        for chunk in ordered:
            length = chunk.stop - chunk.start
            self.taken += length
            if length == self.T:
                yield self._row([(length, chunk.start)])
                continue
            insort(self._waiting, (length, chunk.start))
            if len(self._waiting) >= WAITING:
                yield self._row(self._fill())

    def rest(self) -> Iterator[numpy.ndarray]:
        """Rows of what still waits; the last one is padded with BOS."""
        while self._waiting:
            yield self._row(self._fill())

    def _fill(self) -> list[tuple[int, int]]:
        picked, space = [], self.T + 1
        while self._waiting and space >= 2:
            fitting = bisect_left(self._waiting, (space,))  # chunks below this place leave room for their BOS
            length, start = self._waiting.pop(max(fitting - 1, 0))
            taken = min(length, space - 1)
            picked.append((taken, start))
            if taken < length:
                insort(self._waiting, (length - taken, start + taken))
            space -= taken + 1
        return picked

    def _row(self, picked: list[tuple[int, int]]) -> numpy.ndarray:
        row = numpy.full(self.T + 1, self.bos, dtype=numpy.int64)
        place = 1
        for length, start in picked:
            row[place : place + length] = self.tokens[start : start + length]
            place += length + 1
            self.served += length
        return row
