"""Causal attention behind one signature: the fastest kernel that works on this machine, chosen once and named in the record.

CUDA: the first of LADDER that agrees with SDPA on a small input (backends.py says what each is).
CPU: scores in memory up to SHORT tokens, where that is up to four times as fast as SDPA, which serves the rest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch

from trainer import backends

LADDER = ("flash3", "flash4", "varlen", "flex", "sdpa")
SHORT = 256
_plain: ContextVar[bool] = ContextVar("plain attention", default=False)


@contextmanager
def plain() -> Iterator[None]:
    """Attend through SDPA inside, whatever else is here: the FLOP counter cannot see into other kernels."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


@cache
def backend(device_type: str, T: int) -> str:
    """Name of what attends over rows of T tokens on `cpu` or `cuda`. On CUDA the first call tries the ladder, and prints
    why a rung was passed over."""
    if device_type != "cuda":
        return "scores" if T <= SHORT else "sdpa"

    def works(rung: str) -> None:
        backends.activate(rung)
        backends.probe(backends.BY_NAME[rung], "cuda")

    name, refused = backends.first_that_works(LADDER, works)
    if refused:
        print(f"attention: {name}; " + "; ".join(f"{rung} did not work: {why}" for rung, why in refused.items()), flush=True)
    return name


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    """Scaled dot-product attention over earlier tokens and the own one.

    q, k, v: (B, T, H, D). window: tokens to the left that are seen, -1 = all. Returns (B, T, H, D).
    """
    half = q.dtype == torch.bfloat16
    return backends.BY_NAME[_chosen(q.device.type, q.size(1), half)](q, k, v, window)


def _constant(function: Callable[..., str]) -> Callable[..., str]:
    """torch.compiler.assume_constant_result less its import of torch._dynamo, more than a second of every run on a CPU."""
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


@_constant
def _chosen(device_type: str, T: int, half: bool) -> str:
    """The kernel for this call; torch.compile asks once and builds the answer in."""
    if device_type == "cuda" and (_plain.get() or not half):
        return "sdpa"
    return backend(device_type, T)
