"""Training batches, served and counted here. They depend on the run's seed, T, the corpus, trainer/order.py and packing.py."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import count

import numpy
import torch

from trainer.measure import documents, packing, seeds
from trainer.measure.data import Data
from trainer.measure.errors import UsageError

IGNORED = -1  # target of a position whose next token is a BOS: nothing is predicted across documents
DIGEST_ROWS = 64
BLOCK = 1024  # chunks that are looked up at once

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was served up to a batch, in document tokens of the training corpus."""

    order_digest: str  # of each epoch's order, and of the first DIGEST_ROWS rows (fewer if the run was shorter)
    rows: int  # a hash of what all rows were made of
    kept_fraction: float  # of the tokens taken from the corpus, those served or waiting to be; below 1 some were thrown away
    epochs: float  # tokens served / tokens of the corpus
    selected_fraction: float  # of the corpus's tokens, those that the epoch's order names
    distinct_tokens: int  # that were taken at least once
    passes: float  # tokens taken / distinct_tokens: how often the run came back to what it was given


class Batches:
    """Endless batches; each epoch is a new order of chunks. Every rank goes through all rows and keeps its own, so that the
    batches are the same for any number of ranks and each of them counts the whole."""

    def __init__(
        self,
        data: Data,
        *,
        seed: int,
        T: int,
        batch_tokens: int,
        rank: int = 0,
        ranks: int = 1,
        pack: packing.Pack,
        order: documents.Order = documents.shipped,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """T: tokens a row. batch_tokens: tokens a batch of all ranks, a multiple of T * ranks. pack: trainer/packing.py's.
        around: what `order` and `pack` run in."""
        if T < 2 or batch_tokens < T or batch_tokens % T:
            raise UsageError(f"recipe: batch_tokens {batch_tokens} is not a multiple of sequence_length {T}")
        if batch_tokens // T % ranks:
            raise UsageError(
                f"recipe: batch_tokens {batch_tokens} are {batch_tokens // T} rows, not to be shared by {ranks} ranks"
            )
        self._data, (tokens, self._lengths) = data, data.documents("train")
        self._tokens_total, self._bos, self._seed = len(tokens), data.bos, seed
        self.rows_per_batch, self.tokens_per_batch = batch_tokens // T, batch_tokens
        share = self.rows_per_batch // ranks
        self._own = slice(rank * share, (rank + 1) * share)
        self._order, self._pack, self._around = order, pack, around
        self._cut, self._packer = packing.Cut(self._lengths, T), packing.Packer(tokens, T, data.bos)
        self._seen = numpy.zeros(len(self._cut), dtype=bool)
        self._selected, self._distinct = 0.0, 0
        self._digest, self._digested, self._hash = hashlib.sha256(), 0, 0
        self._rows = self._endless()

    def next(self) -> Batch:
        """This rank's inputs and targets, both (B, T) int64 on the CPU; a target of IGNORED is not to be predicted."""
        with self._around():
            batch = self._batch()
        rows = numpy.stack([self._packer.row(pieces) for pieces in batch[self._own]])
        targets = rows[:, 1:].copy()
        targets[targets == self._bos] = IGNORED
        return torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(targets)

    def skip(self, batches: int) -> None:
        """Go through batches that were served before, without reading their text: hundreds of thousands of rows a second."""
        with self._around():
            for _ in range(batches):
                self._batch()

    def close(self) -> None:
        """The run is over."""

    @property
    def tally(self) -> Tally:
        """What was served so far."""
        served = self._packer.served
        return Tally(
            order_digest=self._digest.hexdigest(),
            rows=self._hash,
            kept_fraction=self._packer.kept_fraction,
            epochs=served / self._tokens_total,
            selected_fraction=self._selected,
            distinct_tokens=self._distinct,
            passes=self._packer.taken / max(self._distinct, 1),
        )

    def _batch(self) -> list[packing.Row]:
        """What the rows of the next batch, of all ranks, are made of."""
        rows = [next(self._rows) for _ in range(self.rows_per_batch)]
        self._hash = hash((self._hash, *map(tuple, rows)))
        for pieces in rows[: DIGEST_ROWS - self._digested]:
            self._digest.update(self._packer.row(pieces).tobytes())
            self._digested += 1
        return rows

    def _endless(self) -> Iterator[packing.Row]:
        for epoch in count():
            yield from self._epoch(epoch)

    def _epoch(self, epoch: int) -> Iterator[packing.Row]:
        tokens, draw = self._packer.tokens, seeds.packing(self._seed, epoch)
        known = documents.Documents(tokens, self._lengths.copy(), self._cut.counts.copy(), self._data.sources, epoch)
        chunks = self._chunks(self._places(known))
        return self._packer.epoch(chunks, lambda given: self._pack(given, self._cut.T, known, draw))

    def _places(self, known: documents.Documents) -> numpy.ndarray:
        """The epoch's order of chunk numbers, checked."""
        order = self._order(known, seeds.order(self._seed, known.epoch))
        places = documents.checked(order, len(self._cut))
        self._digest.update(places)
        chosen = numpy.zeros(len(self._cut), dtype=bool)
        chosen[places] = True
        chosen_tokens = self._tokens_total if chosen.all() else int(self._cut.bounds(numpy.flatnonzero(chosen))[1].sum())
        self._selected = chosen_tokens / self._tokens_total
        return places

    def _chunks(self, places: numpy.ndarray) -> Iterator[tuple[int, int]]:
        """Start and length of each, looked up BLOCK at a time; a chunk's tokens are distinct when it comes first."""
        for block in (places[at : at + BLOCK] for at in range(0, len(places), BLOCK)):
            starts, lengths = self._cut.bounds(block)
            fresh = ~self._seen[block]
            first = numpy.zeros(len(block), dtype=bool)
            first[numpy.unique(block, return_index=True)[1]] = True
            self._seen[block] = True
            for start, length, new in zip(*(x.tolist() for x in (starts, lengths, lengths * (fresh & first))), strict=True):
                self._distinct += new
                yield start, length
