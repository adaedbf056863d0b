"""Kernels for causal attention, each behind the same signature, and how one of them is chosen.

    attend(q, k, v, window)    q, k, v: (B, T, H, D). window: tokens to the left that are seen, -1 = all. Returns (B, T, H, D).

`flash3` is FlashAttention 3 for Hopper (Shah et al. 2024, arXiv 2407.08608), `flash4` its successor (wheel flash-attn-4),
`varlen` the FlashAttention 2 that torch carries, `flex` FlexAttention compiled by Triton (Dong et al. 2024, arXiv 2412.05496),
`sdpa` torch's own choice, which knows no windows and takes a mask for them, `scores` all scores in memory.

The packages of the first two are called through torch's operator, not by their own functions: torch.compile cannot look into
those (flash-attn-4's would end it for the whole model), while it knows the operator.
"""

from collections.abc import Callable, Iterable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.kernels import short_attention

PACKAGES = {"flash3": "FA3", "flash4": "FA4"}  # as torch calls flash_attn_interface and flash_attn.cute
Attend = Callable[[Tensor, Tensor, Tensor, int], Tensor]


def first_that_works(ladder: Iterable[str], works: Callable[[str], None]) -> tuple[str, dict[str, str]]:
    """The first name for which `works` does not raise, and what the names before it raised, each in a line."""
    refused: dict[str, str] = {}
    for name in ladder:
        try:
            works(name)
        except Exception as error:  # not installed, built for another torch, for another GPU: the next one may do
            refused[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        else:
            return name, refused
    raise RuntimeError(f"no attention works here: {refused}")


def activate(name: str) -> None:
    """Put FlashAttention 3 or 4 behind torch's operator for the kernels of those names, torch's own for every other. Raises
    ImportError where the package is not installed."""
    from torch.nn import attention

    if getattr(attention, "current_flash_attention_impl", lambda: None)():
        attention.restore_flash_attention_impl()
    if name in PACKAGES:
        attention.activate_flash_attention_impl(PACKAGES[name])


def probe(attend: Attend, device: str, dtype: torch.dtype = torch.bfloat16) -> None:
    """Raises unless `attend` gives sdpa's values and gradients on a small input, without and with a window.

    sdpa computes in float32, where no FlashAttention stands behind it. The margin of 5 % of the largest value is rounding in
    bfloat16; a kernel that sees one key too many is off by more.
    """
    for window in (-1, 16):
        ours = _values_and_gradients(attend, device, dtype, dtype, window)
        theirs = _values_and_gradients(sdpa, device, dtype, torch.float32, window)
        for one, other in zip(ours, theirs, strict=True):
            off = float((one - other).abs().max() / other.abs().max())
            if not off < 0.05:
                raise ValueError(f"with window {window} it is {off:.1%} away from sdpa")


def _values_and_gradients(attend: Attend, device: str, given: torch.dtype, computed: torch.dtype, window: int) -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    with torch.inference_mode(False), torch.enable_grad():  # whoever asks first may be an evaluation
        # heads of 128, as recipe_gpu.yaml has them: kernels differ by that, and flash-attn-4 compiles each where it is first met
        qkv = torch.randn(3, 2, 256, 2, 128, generator=draw).to(device, given).to(computed).requires_grad_()
        out = attend(*qkv.unbind(0), window)
        (gradient,) = torch.autograd.grad(out.square().sum(), qkv)
    return [out.detach().float(), gradient.float()]


def scores(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """All (T, T) scores of a head in memory: fastest on a CPU while T is short."""
    B, T, H, D = q.shape
    hidden = torch.zeros(T, T, device=q.device).masked_fill_(~visible(T, window, q.device), -torch.inf)
    flat = (x.transpose(1, 2).reshape(B * H, T, D) for x in (q, k, v))
    return short_attention(*flat, hidden).view(B, H, T, D).transpose(1, 2)


def sdpa(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """torch's scaled_dot_product_attention: without a mask where nothing but causality hides a key."""
    T = q.size(1)
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    if window < 0 or window >= T - 1:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=visible(T, window, q.device)).transpose(1, 2)


def visible(T: int, window: int, device: torch.device) -> Tensor:
    """(T, T) bool: whether the query of a row sees the key of a column."""
    ages = torch.arange(T, device=device)[:, None] - torch.arange(T, device=device)
    return (ages >= 0) & (ages <= (window if window >= 0 else T))


def flash(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """torch's operator for whole rows, computed by what `activate` put behind it."""
    T = q.size(1)
    left = window if 0 <= window < T - 1 else -1
    windows = {"window_size_left": left, "window_size_right": 0}
    return torch.ops.aten._flash_attention_forward(q, k, v, None, None, T, T, 0.0, left < 0, False, **windows)[0]


def varlen(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """Rows end to end, as documents of T tokens each."""
    from torch.nn.attention.varlen import varlen_attn

    B, T = q.shape[:2]
    ends = torch.arange(0, (B + 1) * T, T, device=q.device, dtype=torch.int32)
    flat = (x.flatten(0, 1) for x in (q, k, v))
    return varlen_attn(*flat, ends, ends, T, T, window_size=(window, 0)).view_as(q)


def flex(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """Blocks of keys that a window hides are skipped. Uncompiled it would write all scores: flex_compiled is what runs."""
    return flex_with(_flex_compiled(), q, k, v, window)


def flex_with(attention: Callable[..., Tensor], q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """The same through any function with flex_attention's arguments."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return attention(q, k, v, block_mask=_blocks(q.size(2), window, q.device)).transpose(1, 2)


@cache
def _flex_compiled() -> Callable[..., Tensor]:
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=False)


@cache
def _blocks(T: int, window: int, device: torch.device) -> object:
    from torch.nn.attention.flex_attention import create_block_mask

    reach = window if window >= 0 else T

    def seen(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        return (key <= query) & (query - key <= reach)

    return create_block_mask(seen, None, None, T, T, device=device)


BY_NAME: dict[str, Attend] = {
    "flash3": flash, "flash4": flash, "varlen": varlen, "flex": flex, "sdpa": sdpa, "scores": scores,
}  # fmt: skip
