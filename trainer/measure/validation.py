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
    cut = packing.Cut(lengths if data.own is None else _of_the_task_s_rows(data), T)
    packed = numpy.full((len(cut), T + 1), data.bos, dtype=numpy.int64)
    starts, sizes = cut.bounds(numpy.arange(len(cut)))
    for row, start, size in zip(packed, starts.tolist(), sizes.tolist(), strict=True):
        row[1 : 1 + size] = tokens[start : start + size]
    inputs, targets = packed[:, :-1], packed[:, 1:]
    return Rows(inputs, targets, targets != data.bos)


def longest(data: Data, trained: int) -> int:
    """Tokens a row when a model is scored that was trained with rows of `trained`: of the task's own tokens the task's context,
    of others as many as its rows have of them, where the model was trained with that many or the context is not fewer."""
    if data.own is None:
        return data.context
    return max(min(int(_of_the_task_s_rows(data).max()), max(data.context, trained)), 2)


def _of_the_task_s_rows(data: Data) -> numpy.ndarray:
    """Own tokens of each row that the task's tokens make, (rows,): those whose first byte lies in it. So no byte is predicted
    from more text than with the task's tokens, but for the end of a token that reaches into the next row."""
    task = data.task
    cut = packing.Cut(task.documents("validation")[1], data.context)
    edges = _first_bytes(task)[cut.bounds(numpy.arange(len(cut)))[0]]
    row = numpy.searchsorted(edges, _first_bytes(data), side="right") - 1
    return numpy.bincount(row, minlength=len(edges))


def _first_bytes(data: Data) -> numpy.ndarray:
    """Where each token of the scored text begins in it."""
    sizes = data.token_bytes()[data.documents("validation")[0]].astype(numpy.int64)
    return numpy.cumsum(sizes) - sizes
