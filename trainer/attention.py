"""Causal attention behind one signature: the fastest backend this machine has, chosen once and named in the record.

CUDA: flash_attn_interface, else torch's bundled variable-length kernel with windows, else SDPA.
CPU: scores in memory up to SHORT tokens, where that is up to four times as fast as SDPA, which serves the rest.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch
import torch.nn.functional as F

from trainer.kernels import short_attention

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
    """Name of what attends over rows of T tokens on `cpu` or `cuda`: scores (in memory), sdpa, flash3 or varlen."""
    if device_type != "cuda":
        return "scores" if T <= SHORT else "sdpa"
    if importlib.util.find_spec("flash_attn_interface") is not None:
        return "flash3"
    return "varlen" if importlib.util.find_spec("torch.nn.attention.varlen") is not None else "sdpa"


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    """Scaled dot-product attention over earlier tokens and the own one.

    q, k, v: (B, T, H, D). window: tokens to the left that are seen, -1 = all. Returns (B, T, H, D).
    """
    name = backend(q.device.type, q.size(1))
    if name == "scores":
        return _scores(q, k, v, window)
    if name == "sdpa" or _plain.get() or q.dtype != torch.bfloat16:
        return _sdpa(q, k, v, window)
    return _flash3(q, k, v, window) if name == "flash3" else _varlen(q, k, v, window)


def _scores(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    B, T, H, D = q.shape
    hidden = torch.zeros(T, T).masked_fill_(~_visible(T, window, q.device), -torch.inf)
    flat = (x.transpose(1, 2).reshape(B * H, T, D) for x in (q, k, v))
    return short_attention(*flat, hidden).view(B, H, T, D).transpose(1, 2)


def _sdpa(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    T = q.size(1)
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    if window < 0 or window >= T - 1:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=_visible(T, window, q.device)).transpose(1, 2)


def _visible(T: int, window: int, device: torch.device) -> torch.Tensor:
    """(T, T) bool: whether the query of a row sees the key of a column."""
    ages = torch.arange(T, device=device)[:, None] - torch.arange(T, device=device)
    return (ages >= 0) & (ages <= (window if window >= 0 else T))


def _flash3(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    from flash_attn_interface import flash_attn_func

    out = flash_attn_func(q, k, v, causal=True, window_size=(window, 0))
    return out[0] if isinstance(out, tuple) else out


def _varlen(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    B, T = q.shape[:2]
    ends = torch.arange(0, (B + 1) * T, T, device=q.device, dtype=torch.int32)
    flat = (x.flatten(0, 1) for x in (q, k, v))
    return varlen_attn(*flat, ends, ends, T, T, window_size=(window, 0)).unflatten(0, (B, T))
