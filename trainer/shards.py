"""What the processes of one run share: sums over the ranks, and each rank's part of the optimizer's state.

Every rank holds the whole model and sees its own rows of the batch. Gradients are summed straight into the part that a rank
owns (reduce-scatter), it updates that part with state nobody else keeps, and the results go back to all (all-gather):
the traffic of one all-reduce, 1/N of the state. Source: Rajbhandari et al. 2020, arXiv 1910.02054 (ZeRO, stage 1).
One process alone runs the same code with nothing to send.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Inside, this process is the only one: it computes whole batches, sends nothing and waits for nobody."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def ranks() -> int:
    """Processes that train this model together."""
    together = dist.is_available() and dist.is_initialized() and not _alone.get()
    return dist.get_world_size() if together else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if ranks() > 1 else 0


def total(x: Tensor) -> Tensor:
    """The sum of every rank's x, on each of them."""
    if ranks() > 1:
        x = x.clone()
        dist.all_reduce(x)
    return x


@dataclass(frozen=True, slots=True)
class Coming:
    """A tensor that other ranks are still sending."""

    tensor: Tensor
    work: dist.Work | None = None

    def wait(self) -> Tensor:
        """The tensor, once it is here (on CUDA: once the current stream may use it)."""
        if self.work is not None:
            self.work.wait()
        return self.tensor


@dataclass(frozen=True, slots=True)
class Cut:
    """`length` rows dealt out: rank r owns rows r * each to (r + 1) * each. What lies beyond the end is zero padding."""

    length: int
    each: int

    @classmethod
    def of(cls, length: int) -> "Cut":
        """Equal parts, one a rank."""
        return cls(length, -(-length // ranks()))

    @property
    def held(self) -> int:
        """Rows of this rank's part that are no padding."""
        return max(0, min(self.each, self.length - rank() * self.each))

    def padded(self, rows: Tensor) -> Tensor:
        """(held, …) → this rank's part, (each, …)."""
        return _padded(rows, self.each)

    def own(self, rows: Tensor) -> Tensor:
        """(length, …) → this rank's part, (each, …): a view, or a copy where it needs padding."""
        first = rank() * self.each
        return _padded(rows[first : first + self.each], self.each)

    def sum(self, rows: Tensor) -> Coming:
        """Begin to sum (length, …) over the ranks; what comes is this rank's part of the sum, (each, …)."""
        if ranks() == 1:
            return Coming(rows)
        part = rows.new_empty((self.each, *rows.shape[1:]))
        whole = _padded(rows, self.each * ranks()).contiguous()
        return Coming(part, _collective("reduce_scatter")(part, whole, async_op=True))

    def gather(self, part: Tensor) -> Coming:
        """Begin to collect every rank's (each, …); what comes is (length, …), on each of them."""
        if ranks() == 1:
            return Coming(part)
        whole = part.new_empty((self.each * ranks(), *part.shape[1:]))
        return Coming(whole[: self.length], _collective("all_gather")(whole, part.contiguous(), async_op=True))

    def whole(self, part: Tensor) -> Tensor:
        """For a checkpoint: all parts, (length, …), in the first rank's main memory; the other ranks get nothing, (0,)."""
        rows = self.gather(part).wait()
        return rows.cpu() if rank() == 0 else rows.new_empty(0, device="cpu")


def _collective(name: str) -> Callable[..., dist.Work]:
    """torch 2.13 renamed both."""
    older = {"reduce_scatter": "reduce_scatter_tensor", "all_gather": "all_gather_into_tensor"}
    return getattr(dist, f"{name}_single", None) or getattr(dist, older[name])


def _padded(rows: Tensor, length: int) -> Tensor:
    missing = length - len(rows)
    return torch.cat((rows, rows.new_zeros((missing, *rows.shape[1:])))) if missing else rows
