"""Documents become rows of exactly T + 1 tokens in which nothing is lost.

A document is cut into chunks of at most T tokens, each opened by BOS. Full chunks are rows; short ones wait and are
packed best fit (the longest that fits goes first). What no waiting chunk fits is filled with the beginning of one,
whose rest waits on as a chunk of its own. So every document token is served once an epoch and always as a target.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

import numpy

WAITING = 256  # short chunks that wait before a row is packed from them

Pieces = list[tuple[int, int]]  # what a row is made of: (length, start) in tokens of the corpus, in this order


class Cut:
    """Documents, end to end, cut into chunks of at most T tokens. Chunks are numbered in the corpus's order; where they
    lie is computed when asked for, so that ten million documents cost three arrays and no Python object each."""

    def __init__(self, lengths: numpy.ndarray, T: int) -> None:
        """lengths: tokens of each document."""
        self.T, self._lengths = T, numpy.asarray(lengths, dtype=numpy.int64)
        self.counts = -(-self._lengths // T)
        self._ends, self._stops = numpy.cumsum(self._lengths), numpy.cumsum(self.counts)

    def __len__(self) -> int:
        return int(self._stops[-1]) if len(self._stops) else 0

    def bounds(self, places: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Where the chunks of these numbers start in the corpus, and their lengths; both in tokens, shape of places."""
        document = numpy.searchsorted(self._stops, places, side="right")
        inside = (places - self._stops[document] + self.counts[document]) * self.T
        starts = self._ends[document] - self._lengths[document] + inside
        return starts, numpy.minimum(self.T, self._lengths[document] - inside)


class Packer:
    """Turns chunks into rows, and counts document tokens: taken from the corpus, served in rows, still waiting."""

    def __init__(self, tokens: numpy.ndarray, T: int, bos: int) -> None:
        """tokens: the corpus, end to end."""
        self.tokens, self.T, self.bos = tokens, T, bos
        self.taken = self.served = 0
        self._waiting: Pieces = []  # the longest last

    @property
    def kept_fraction(self) -> float:
        """Share of the taken tokens that was served or still waits; below 1 something was thrown away."""
        return (self.served + sum(length for length, _ in self._waiting)) / max(self.taken, 1)

    def take(self, ordered: Iterable[tuple[int, int]]) -> Iterator[Pieces]:
        """What rows are made of, from chunks (start, length) in this order; short chunks wait on at the end."""
        for start, length in ordered:
            self.taken += length
            if length == self.T:
                yield self._serve([(length, start)])
                continue
            insort(self._waiting, (length, start))
            if len(self._waiting) >= WAITING:
                yield self._serve(self._fill())

    def rest(self) -> Iterator[Pieces]:
        """What rows of the chunks that still wait are made of; the last one is padded with BOS."""
        while self._waiting:
            yield self._serve(self._fill())

    def row(self, pieces: Pieces) -> numpy.ndarray:
        """(T + 1,) int64, each piece opened by BOS. Only here is the corpus read."""
        row = numpy.full(self.T + 1, self.bos, dtype=numpy.int64)
        place = 1
        for length, start in pieces:
            row[place : place + length] = self.tokens[start : start + length]
            place += length + 1
        return row

    def _serve(self, pieces: Pieces) -> Pieces:
        self.served += sum(length for length, _ in pieces)
        return pieces

    def _fill(self) -> Pieces:
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
