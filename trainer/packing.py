"""How chunks of text are put together into rows: one generator over an epoch's chunks, in the order that order.py gave them.

Protected code calls it once an epoch, hands out the chunks and writes the rows, T + 1 tokens each: every piece opened by
BOS, what is left over filled with it. A piece is (start, length, lost), in tokens of the corpus:

    start   where a chunk begins that was handed out, or what is left of one
    length  how many tokens of it this row gets; they and a BOS for each piece have to fit T + 1
    lost    how many tokens behind them are thrown away. What is left then may be served in a later row, once.

Cropping, as nanochat does it, is a `lost` that leaves nothing; train.json's `kept_fraction` shows it. Nothing else can be
served, and nothing twice: that is order.py's to say. At most HELD (measure/packing.py) chunks wait; of more the oldest are
lost. What this computes on a model counts as computed outside the steps, of which a run may do one step's worth.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

import numpy

from trainer.measure.documents import Documents
from trainer.measure.packing import Chunk, Row

WAITING = 256  # short chunks that wait before a row is packed from them


def pack(chunks: Iterator[Chunk], T: int, documents: Documents, draw: numpy.random.Generator) -> Iterator[Row]:
    """The rows of one epoch. Here full chunks are rows, short ones wait and are packed best fit, and nothing is lost.

    chunks: (start, length) of each, at most T tokens. documents: what order.py saw, to look at the text. draw: the epoch's
    own generator; whatever else is random makes ranks and resumed runs differ.
    """
    waiting: list[tuple[int, int]] = []  # (length, start), the longest last
    for start, length in chunks:
        if length == T:
            yield [(start, length, 0)]
            continue
        insort(waiting, (length, start))
        if len(waiting) >= WAITING:
            yield best_fit(waiting, T)
    while waiting:
        yield best_fit(waiting, T)


def best_fit(waiting: list[tuple[int, int]], T: int) -> Row:
    """One row, taken out of `waiting`: the longest that fits, again and again, then the beginning of the shortest one, whose
    rest waits on."""
    row: Row = []
    space = T + 1
    while waiting and space >= 2:
        fitting = bisect_left(waiting, (space,))  # chunks below this place leave room for their BOS
        length, start = waiting.pop(max(fitting - 1, 0))
        taken = min(length, space - 1)
        row.append((start, taken, 0))
        if taken < length:
            insort(waiting, (length - taken, start + taken))
        space -= taken + 1
    return row
