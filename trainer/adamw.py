"""AdamW on one tensor. Source: Loshchilov and Hutter 2019, arXiv 1711.05101."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(slots=True)
class AdamW:
    """State and settings of one parameter; `step` updates it in place from its gradient."""

    parameter: Tensor
    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float = 0.0
    count: int = 0
    mean: Tensor | None = None
    square: Tensor | None = None

    @torch.no_grad()
    def step(self, gradient: Tensor, lr_multiplier: float) -> None:
        """One update with learning rate lr * lr_multiplier."""
        if self.mean is None or self.square is None:
            self.mean, self.square = torch.zeros_like(self.parameter), torch.zeros_like(self.parameter)
        self.count += 1
        lr = self.lr * lr_multiplier
        self.mean.lerp_(gradient, 1 - self.beta1)
        self.square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        scale = self.square.div(1 - self.beta2**self.count).sqrt_().add_(self.eps)
        if self.weight_decay:
            self.parameter.mul_(1 - lr * self.weight_decay)
        self.parameter.addcdiv_(self.mean, scale, value=-lr / (1 - self.beta1**self.count))
