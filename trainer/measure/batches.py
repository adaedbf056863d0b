"""Training batches, served and counted here. Their order depends on the run's seed, T and the corpus, on nothing else."""

import hashlib
from collections.abc import Iterator

import numpy
import torch

from trainer.measure import packing, seeds
from trainer.measure.data import Data
from trainer.measure.errors import UsageError

IGNORED = -1  # target of a position whose next token is a BOS: nothing is predicted across documents
DIGEST_ROWS = 64


class Batches:
    """Endless batches; each epoch is a new order of all chunks. Every rank goes through all rows and keeps its own, so
    that the batches are the same for any number of ranks and each of them counts the whole."""

    def __init__(self, data: Data, *, seed: int, T: int, batch_tokens: int, rank: int = 0, ranks: int = 1) -> None:
        """T: tokens a row. batch_tokens: tokens a batch of all ranks, a multiple of T * ranks."""
        if T < 2 or batch_tokens < T or batch_tokens % T:
            raise UsageError(f"recipe: batch_tokens {batch_tokens} is not a multiple of sequence_length {T}")
        if batch_tokens // T % ranks:
            raise UsageError(
                f"recipe: batch_tokens {batch_tokens} are {batch_tokens // T} rows, not to be shared by {ranks} ranks"
            )
        tokens, self._lengths = data.documents("train")
        self._tokens_total, self._bos, self._seed = len(tokens), data.bos, seed
        self.rows_per_batch, self.tokens_per_batch, self._T = batch_tokens // T, batch_tokens, T
        share = self.rows_per_batch // ranks
        self._own = slice(rank * share, (rank + 1) * share)
        self.packer = packing.Packer(tokens, T, data.bos)
        self._digest, self._digested = hashlib.sha256(), 0
        self._rows = self._endless()

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """This rank's inputs and targets, both (B, T) int64 on the CPU; a target of IGNORED is not to be predicted."""
        rows = numpy.stack(self._batch()[self._own])
        targets = rows[:, 1:].copy()
        targets[targets == self._bos] = IGNORED
        return torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(targets)

    def skip(self, batches: int) -> None:
        """Go through batches that were served before: some hundred thousand rows a second."""
        for _ in range(batches):
            self._batch()

    def _batch(self) -> list[numpy.ndarray]:
        """The rows of the next batch, of all ranks, (T + 1,) each."""
        rows = [next(self._rows) for _ in range(self.rows_per_batch)]
        for row in rows[: DIGEST_ROWS - self._digested]:
            self._digest.update(row.tobytes())
            self._digested += 1
        return rows

    @property
    def order_digest(self) -> str:
        """Digest of the first DIGEST_ROWS rows served (fewer if the run was shorter)."""
        return self._digest.hexdigest()

    @property
    def epochs(self) -> float:
        """Document tokens served, as a multiple of the training corpus."""
        return self.packer.served / self._tokens_total

    def _endless(self) -> Iterator[numpy.ndarray]:
        cut, epoch = packing.chunks(self._lengths, self._T), 0
        counts = -(-self._lengths // self._T)
        while True:
            order = evenly(counts, seeds.order(self._seed, epoch))
            yield from self.packer.rows(cut[place] for place in order)
            yield from self.packer.rest()
            epoch += 1


def evenly(counts: numpy.ndarray, draw: numpy.random.Generator) -> numpy.ndarray:
    """A random order of all chunks in which each document's are spread evenly over the epoch.

    counts: chunks of each document. A run sees a fraction of the corpus; with a plain permutation, which fraction it
    happens to see is most of the score's spread over seeds (LOG.md).
    """
    places = [(draw.permutation(count) + draw.random()) / count for count in counts]
    return numpy.argsort(numpy.concatenate(places), kind="stable")
