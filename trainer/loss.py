"""The capped logits and their cross-entropy, fused: the (N, V) logits exist only a few rows at a time.

Loss and gradients come out of one pass, because the gradient of a logit needs nothing but the logit's own row.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = {"cpu": 128, "cuda": 8192}  # rows a pass: 128 rows of 2048 float32 logits stay in a core's cache


def softcapped(x: Tensor, cap: float) -> Tensor:
    """cap * tanh(x / cap) in float32; cap 0 leaves x alone. Source: Gemma 2, arXiv 2408.00118."""
    return torch.div(x, cap).tanh_() * cap if cap else x


def capped_cross_entropy(x: Tensor, weight: Tensor, targets: Tensor, cap: float) -> Tensor:
    """Sum of -ln softmax(softcapped(x weightᵀ))[target], a float32 scalar.

    x: (N, D). weight: (V, D) float32. targets: (N,), -1 = not counted.
    """
    return _CappedCrossEntropy.apply(x, weight, targets, cap)


class _CappedCrossEntropy(torch.autograd.Function):
    """Computes both gradients in its forward pass and only scales them in the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, targets: Tensor, cap: float) -> Tensor:
        w = weight.to(x.dtype)
        total = torch.zeros((), device=x.device)
        grad_x, grad_w = torch.empty_like(x), torch.zeros_like(weight)
        rows = ROWS.get(x.device.type, 1024)
        row_losses = _fusible_row_losses if torch.compiler.is_compiling() else _row_losses
        for part, target, grad_part in zip(x.split(rows), targets.split(rows), grad_x.split(rows), strict=True):
            losses, slope = row_losses(F.linear(part, w).float(), target, cap)
            slope = slope.to(x.dtype)
            total += losses
            torch.mm(slope, w, out=grad_part)
            grad_w += slope.mT @ part
        ctx.save_for_backward(grad_x, grad_w)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        grad_x, grad_w = ctx.saved_tensors
        return grad_x * grad, grad_w * grad, None, None


def _row_losses(z: Tensor, targets: Tensor, cap: float) -> tuple[Tensor, Tensor]:
    """Summed loss of rows of raw logits (n, V), and its derivative by them; works in place on z.

    With t = tanh(z / cap), logits are cap t: the derivative is (softmax - onehot) (1 - t²).
    """
    counted = (targets >= 0).unsqueeze(1)
    index = targets.clamp_min(0).unsqueeze(1)
    t = z.div_(cap).tanh_() if cap else None
    logits = t * cap if t is not None else z - z.amax(dim=1, keepdim=True)
    of_target = logits.gather(1, index)
    p = logits.exp_()
    total = p.sum(dim=1, keepdim=True)
    losses = torch.where(counted, total.log() - of_target, 0).sum()
    p.mul_(counted / total).scatter_add_(1, index, -counted.to(p.dtype))
    return losses, p if t is None else p.addcmul_(p, t.square_(), value=-1)


def _fusible_row_losses(z: Tensor, targets: Tensor, cap: float) -> tuple[Tensor, Tensor]:
    """The same for a compiler, which makes one kernel of it that reads z and writes the slope and nothing of that size between:
    scattering into the slope would have put it into memory first, in float32. tanh as a sigmoid is half the instructions."""
    counted = (targets >= 0).unsqueeze(1)
    hot = torch.arange(z.size(1), device=z.device) == targets.unsqueeze(1)
    t = 2 * torch.sigmoid(z * (2 / cap)) - 1 if cap else None
    logits = t * cap if t is not None else z - z.amax(dim=1, keepdim=True)
    p = logits.exp()
    total = p.sum(dim=1, keepdim=True)
    of_target = torch.where(hot, logits, 0).sum(dim=1, keepdim=True)
    losses = torch.where(counted, total.log() - of_target, 0).sum()
    slope = p * (counted / total) - hot.to(p.dtype)
    return losses, slope if t is None else slope * (1 - t * t)
