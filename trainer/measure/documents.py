"""What an order of the data may look at, the shipped order, and what an order may answer.

An order says which chunks of the fixed corpus a run is served in an epoch, and when: it selects, repeats, mixes and
sorts by number. It makes no text: protected code cuts the chunks, checks what trainer/packing.py puts into a row, and counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy

from trainer.measure.errors import RunFailed


@dataclass(frozen=True, slots=True)
class Documents:
    """The training side of the corpus, D documents end to end. Chunks are numbered document by document."""

    tokens: numpy.ndarray  # (N,) uint16, read-only, in memory only where it was looked at
    lengths: numpy.ndarray  # (D,) int64, tokens of each document
    chunks: numpy.ndarray  # (D,) int64, rows' worth of each: lengths / sequence_length, rounded up
    sources: Mapping[str, range]  # the documents of each shard or file the corpus came from
    epoch: int  # from 0; each has an order of its own

    def first_tokens(self) -> numpy.ndarray:
        """(D,) where each document begins in `tokens`."""
        return numpy.subtract(numpy.cumsum(self.lengths), self.lengths)

    def first_chunks(self) -> numpy.ndarray:
        """(D,) the number of each document's first chunk; the others follow it."""
        return numpy.subtract(numpy.cumsum(self.chunks), self.chunks)


Order = Callable[[Documents, numpy.random.Generator], numpy.ndarray]


def evenly(counts: numpy.ndarray, draw: numpy.random.Generator) -> numpy.ndarray:
    """A random order of all chunks in which each document's are spread evenly over the epoch.

    counts: chunks of each document. A run sees a fraction of the corpus; with a plain permutation, which fraction it
    happens to see is most of the score's spread over seeds (LOG.md). Chunk i of a document of n has the key
    (place + u) / n: its place in the document's own permutation, and a u in [0, 1) that is the document's.
    """
    total, firsts = int(counts.sum()), numpy.cumsum(counts) - counts
    places = numpy.arange(total) - numpy.repeat(firsts, counts)
    shifts = numpy.empty(len(counts))
    several = numpy.flatnonzero(counts > 1)
    # Drawn document by document: a shuffle, which a single chunk does not need, then a shift. So the shifts of a run of
    # documents without a shuffle are one draw, with the same bits.
    draw.random(out=shifts[: several[0] if len(several) else None])
    until = numpy.append(several, len(counts))[1:]
    begins, ends = firsts[several], firsts[several] + counts[several]
    for document, next_one, begin, end in zip(*(x.tolist() for x in (several, until, begins, ends)), strict=True):
        draw.shuffle(places[begin:end])
        draw.random(out=shifts[document:next_one])
    keys = (places + numpy.repeat(shifts, counts)) / numpy.repeat(counts, counts)
    return numpy.argsort(keys, kind="stable")


def shipped(documents: Documents, draw: numpy.random.Generator) -> numpy.ndarray:
    """The whole corpus, evenly."""
    return evenly(documents.chunks, draw)


def checked(order: object, chunks: int) -> numpy.ndarray:
    """An order's answer as an array of our own, (n,) int64. Raises RunFailed for what is no list of chunk numbers.

    Nothing of the answer is kept: methods of a subclass would run when its numbers are looked up, in no step.
    """
    if type(order) is not numpy.ndarray or order.ndim != 1 or order.dtype.kind not in "iu":
        what = f"{order.dtype} {order.shape}" if type(order) is numpy.ndarray else type(order).__name__
        raise RunFailed(f"order: it answered {what}; want a numpy array of chunk numbers, (n,) int64")
    own = numpy.array(order, dtype=numpy.int64)
    if not own.size:
        raise RunFailed(f"order: it chose none of {chunks} chunks")
    lowest, highest = int(own.min()), int(own.max())
    if lowest < 0 or highest >= chunks:
        raise RunFailed(f"order: it named chunk {lowest if lowest < 0 else highest}; there are 0 to {chunks - 1}")
    return own
