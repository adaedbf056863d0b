"""The processes of one run, started by torchrun, or one alone. They begin, count, stop and fail together.

Rank 0 speaks and writes for all. Whoever fails first says so in the shared store; the others end without a word of their own.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from trainer.measure.errors import UsageError

PATIENCE = timedelta(minutes=10)  # a rank that is silent for longer is dead
_FAILURE, _START = "failure", "start"


@dataclass(slots=True)
class Ranks:
    """rank: this process, from 0. size: all of them. device: of this one, as text."""

    rank: int
    size: int
    device: str
    store: dist.Store | None = None

    @property
    def first(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    def started(self, refusal: str | None = None) -> str | None:
        """Rank 0 says whether the run may start (None) or why not; the others wait for that and are told."""
        if self.store is None:
            return refusal
        if self.first:
            self.store.set(_START, refusal or "")
        return self.store.get(_START).decode() or None

    def highest(self, values: Iterable[float]) -> list[float]:
        """The largest of each value over all ranks, so that they decide alike."""
        values = list(values)
        if self.size == 1:
            return values
        shared = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return [float(value) for value in shared.tolist()]

    def everyones(self, value: Any) -> list[Any]:
        """Each rank's value, by rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def first_to_fail(self, reason: str) -> str | None:
        """Says why this rank fails; returns what another rank said before, None where this is the first.

        The others hear of it when their next exchange breaks: gloo notices at once, torchrun ends them on CUDA.
        """
        if self.store is None:
            return None
        mine = f"rank {self.rank} of {self.size}: {reason}"
        try:
            said = self.store.compare_set(_FAILURE, "", mine).decode()
        except dist.DistError:  # the store died with the process that held it
            return None
        return None if said == mine else said

    def leave(self) -> None:
        """Close the exchange; waits for nobody."""
        if self.size > 1 and dist.is_initialized():
            dist.destroy_process_group()


def join(device: str, environ: dict[str, str] | os._Environ[str] = os.environ) -> Ranks:
    """Meet the other processes that torchrun announces in the environment; alone without it. Raises UsageError."""
    size = int(environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Ranks(0, 1, device)
    rank, local = int(environ["RANK"]), int(environ.get("LOCAL_RANK", environ["RANK"]))
    kind, _, index = device.partition(":")
    if index:
        raise UsageError(f"--device {device}: with {size} processes want cuda, each takes the GPU of its own local rank")
    if kind == "cuda":
        device = f"cuda:{local}"
        if local >= torch.cuda.device_count():
            raise UsageError(f"torchrun: process {local} of this machine has no GPU; there are {torch.cuda.device_count()}")
        torch.cuda.set_device(local)
    store, rank, size = next(dist.rendezvous("env://", rank, size, timeout=PATIENCE))
    backend = "nccl" if kind == "cuda" else "gloo"
    dist.init_process_group(backend, store=dist.PrefixStore("ranks", store), rank=rank, world_size=size, timeout=PATIENCE)
    return Ranks(rank, size, device, dist.PrefixStore("run", store))
