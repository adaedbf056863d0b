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
    """Endless batches; each epoch is a new order of all chunks."""

    def __init__(self, data: Data, *, seed: int, T: int, batch_tokens: int) -> None:
        """T: tokens a row. batch_tokens: tokens a batch, a multiple of T."""
        if T < 2 or batch_tokens < T or batch_tokens % T:
            raise UsageError(f"recipe: batch_tokens {batch_tokens} is not a multiple of sequence_length {T}")
        tokens, self._lengths = data.documents("train")
        self._tokens_total, self._bos, self._seed = len(tokens), data.bos, seed
        self.rows_per_batch, self.tokens_per_batch, self._T = batch_tokens // T, batch_tokens, T
        self.packer = packing.Packer(tokens, T, data.bos)
        self._digest, self._digested = hashlib.sha256(), 0
        self._rows = self._endless()

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets, both (B, T) int64 on the CPU; a target of IGNORED is not to be predicted."""
        rows = numpy.stack([next(self._rows) for _ in range(self.rows_per_batch)])
        for row in rows[: DIGEST_ROWS - self._digested]:
            self._digest.update(row.tobytes())
            self._digested += 1
        targets = rows[:, 1:].copy()
        targets[targets == self._bos] = IGNORED
        return torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(targets)

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
