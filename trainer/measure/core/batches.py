"""Rows of similar length side by side. Widths are few and row counts fixed, so that a kernel compiled for a shape serves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy

from trainer.measure.core.rows import Row
from trainer.measure.exchange import Shape

NARROWEST = 32
TOKENS, FEW_TOKENS = 8192, 1024  # of a batch: on a GPU; on a CPU, where nothing is compiled and padding is work
LOGITS = 2**27  # of a whole batch, made by the model: 512 MB in float32
SENT = 2**25  # of those that are scored: 128 MB


@dataclass(frozen=True, slots=True)
class Batch:
    """inputs: (B, T) int64. places: (P,) row * T + column of each prediction that is scored, targets: (P,) what it should
    be, owners: (P,) which of the batched rows it belongs to."""

    inputs: numpy.ndarray
    places: numpy.ndarray
    targets: numpy.ndarray
    owners: numpy.ndarray


def shape(context: int, vocab: int, tokens: int = FEW_TOKENS) -> Shape:
    """The largest batch that is exchanged: at least one row of `context` tokens, scored at every place."""
    rows = max(min(tokens, LOGITS // vocab) // context, 1)
    return Shape(rows, context, vocab, places=max(min(rows * context, SENT // vocab), context))


def of_rows(rows: Sequence[Row], largest: Shape, bos: int) -> Iterator[Batch]:
    """Batches that together score every row once, the shortest rows first."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number].tokens))
    picked: list[int] = []
    for number in order:
        if picked and not _fits([*picked, number], rows, largest):
            yield _batch(picked, rows, largest, bos)
            picked = []
        picked.append(number)
    if picked:
        yield _batch(picked, rows, largest, bos)


def width(length: int, largest: Shape) -> int:
    """Columns of a batch whose longest row has that many tokens to read: powers of two up to the context."""
    return min(max(NARROWEST, 1 << (length - 1).bit_length()), largest.T)


def _height(columns: int, largest: Shape) -> int:
    return largest.rows * largest.T // columns


def _fits(picked: list[int], rows: Sequence[Row], largest: Shape) -> bool:
    """Whether these, the last being the longest, are one batch."""
    first, last = (width(len(rows[number].tokens) - 1, largest) for number in (picked[0], picked[-1]))
    scored = sum(rows[number].stop - rows[number].start for number in picked)
    return first == last and len(picked) <= _height(last, largest) and scored <= largest.places


def _batch(picked: list[int], rows: Sequence[Row], largest: Shape, bos: int) -> Batch:
    T = width(len(rows[picked[-1]].tokens) - 1, largest)
    inputs = numpy.full((_height(T, largest), T), bos, dtype=numpy.int64)
    places, targets, owners = [], [], []
    for at, number in enumerate(picked):
        row = rows[number]
        inputs[at, : len(row.tokens) - 1] = row.tokens[:-1]
        places.append(at * T + numpy.arange(row.start - 1, row.stop - 1))
        targets.append(row.tokens[row.start : row.stop])
        owners.append(numpy.full(row.stop - row.start, number))
    return Batch(inputs, *(numpy.concatenate(parts) for parts in (places, targets, owners)))
