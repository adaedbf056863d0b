"""Documents become rows of exactly T + 1 tokens, and of every token that was taken for them it is known where it went.

A document is cut into chunks of at most T tokens. trainer/packing.py says which pieces of them make a row; here it is seen
to that a row holds nothing else, and counted what was taken from the corpus, what was served and what was thrown away.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy

from trainer.measure.documents import Documents
from trainer.measure.errors import RunFailed

HELD = 4096  # chunks, and rests of them, that may wait; of more the oldest are lost

Chunk = tuple[int, int]  # (start, length) in tokens of the corpus
Piece = tuple[int, int, int]  # (start, length, lost): served, and thrown away behind that
Row = list[Piece]  # what a row is made of, in this order; a BOS comes before each
Pack = Callable[[Iterator[Chunk], int, Documents, numpy.random.Generator], Iterable[Row]]


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
    """Makes rows of what an epoch's packing answers. Counts document tokens: taken from the corpus, served in rows, lost."""

    def __init__(self, tokens: numpy.ndarray, T: int, bos: int) -> None:
        """tokens: the corpus, end to end."""
        self.tokens, self.T, self.bos = tokens, T, bos
        self.taken = self.served = self.lost = 0
        self._open: dict[int, tuple[int, int]] = {}  # where something begins that may be served → its length, how many times

    @property
    def kept_fraction(self) -> float:
        """Share of the taken tokens that was served or may still be; below 1 something was thrown away."""
        return (self.taken - self.lost) / max(self.taken, 1)

    def epoch(self, chunks: Iterable[Chunk], pack: Callable[[Iterator[Chunk]], Iterable[Row]]) -> Iterator[Row]:
        """The rows of an epoch, checked. What was handed out and not served at its end is lost. Raises RunFailed."""
        given, made = self._given(chunks), False
        for row in pack(given):
            made = True
            yield self._checked(row)
        if not made:
            raise RunFailed("packing: it made no row of an epoch")
        for _ in given:
            pass
        self.lost += sum(length * times for length, times in self._open.values())
        self._open.clear()

    def row(self, pieces: Row) -> numpy.ndarray:
        """(T + 1,) int64, each piece opened by BOS. Only here is the corpus read."""
        row = numpy.full(self.T + 1, self.bos, dtype=numpy.int64)
        place = 1
        for start, length, _ in pieces:
            row[place : place + length] = self.tokens[start : start + length]
            place += length + 1
        return row

    def _given(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        for start, length in chunks:
            self.taken += length
            self._wait(start, length)
            if len(self._open) > HELD:
                left, times = self._open.pop(next(iter(self._open)))
                self.lost += left * times
            yield start, length

    def _wait(self, start: int, length: int) -> None:
        """Something more begins here that may be served; it reaches to the end of its chunk, so that its length is known."""
        self._open[start] = (length, self._open.get(start, (0, 0))[1] + 1)

    def _checked(self, row: object) -> Row:
        """A row of our own: nothing of the answer is kept, for it may change later. Raises RunFailed."""
        if type(row) is not list or not row:
            told = "an empty row" if row == [] else f"a {type(row).__name__}"
            raise RunFailed(f"packing: it answered {told}; want a list of (start, length, lost)")
        own = [self._served(piece) for piece in row]
        if (filled := sum(length + 1 for _, length, _ in own)) > self.T + 1:
            raise RunFailed(f"packing: a row of {filled} tokens with a BOS for each piece; {self.T + 1} fit")
        return own

    def _served(self, piece: object) -> Piece:
        if type(piece) is not tuple or [type(value) for value in piece] != [int, int, int]:
            raise RunFailed(f"packing: a piece is {piece!r:.80}; want (start, length, lost), three numbers")
        start, length, lost = piece
        left, times = self._open.pop(start, (0, 0))
        if not left:
            raise RunFailed(f"packing: nothing begins at token {start} that it was given and has not served or lost")
        if not (length > 0 and lost >= 0 and length + lost <= left):
            raise RunFailed(f"packing: {length} tokens and {lost} lost at token {start}, where {left} are left of the chunk")
        if times > 1:
            self._open[start] = (left, times - 1)
        if rest := left - length - lost:
            self._wait(start + length + lost, rest)
        self.served += length
        self.lost += lost
        return start, length, lost
