"""The validation span: which text it is, and its rows for a model, the same bytes whatever T; each chunk sees only its own
document's past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy

from trainer.measure import packing
from trainer.measure.data import Data

BATCH_TOKENS = 2048
SPAN_BYTES = 256 * 1024
DOCUMENT_BYTES = 16 * 1024  # no document fills the span alone


def span(texts: Iterable[str], limit: int = SPAN_BYTES) -> Iterator[str]:
    """The texts that are scored: the opening of each document, in this order, `limit` bytes together (or all there is)."""
    left = limit
    for text in texts:
        opening = text.encode()[: min(DOCUMENT_BYTES, left)].decode(errors="ignore")
        if opening:
            yield opening
            left -= len(opening.encode())
        if not left:
            return


@dataclass(frozen=True, slots=True)
class Rows:
    """inputs, targets: (N, T) int64, BOS first in inputs; counted: (N, T) bool, where a target is scored."""

    inputs: numpy.ndarray
    targets: numpy.ndarray
    counted: numpy.ndarray

    def batches(self, rows: int) -> Iterator["Rows"]:
        """Batches of exactly `rows` rows; the last one begins earlier and counts no row twice."""
        for start in range(0, len(self.inputs), rows):
            first = min(start, max(len(self.inputs) - rows, 0))
            counted = self.counted[first : first + rows].copy()
            counted[: start - first] = False
            yield Rows(self.inputs[first : first + rows], self.targets[first : first + rows], counted)


def rows(data: Data, T: int) -> Rows:
    """One chunk of at most T tokens a row, padded with BOS that is not counted."""
    tokens, lengths = data.documents("validation")
    cut = packing.Cut(lengths, T)
    packed = numpy.full((len(cut), T + 1), data.bos, dtype=numpy.int64)
    starts, sizes = cut.bounds(numpy.arange(len(cut)))
    for row, start, size in zip(packed, starts.tolist(), sizes.tolist(), strict=True):
        row[1 : 1 + size] = tokens[start : start + size]
    inputs, targets = packed[:, :-1], packed[:, 1:]
    return Rows(inputs, targets, targets != data.bos)
