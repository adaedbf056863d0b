"""AdamW on one tensor. Source: Loshchilov and Hutter 2019, arXiv 1711.05101.

It treats every number by itself, so that the tensor is flattened and each rank updates an equal run of its numbers.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from trainer.schedule import Now
from trainer.shards import Coming, Cut, ranks


@dataclass(slots=True)
class AdamW:
    """Settings of one parameter, and this rank's part of its state: `mean` and `square`, both (numbers / ranks,)."""

    parameter: Tensor
    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float = 0.0
    count: int = 0
    cut: Cut = field(init=False)
    mean: Tensor = field(init=False)
    square: Tensor = field(init=False)
    _coming: Coming = field(init=False)

    def __post_init__(self) -> None:
        self.cut = Cut.of(self.parameter.numel())
        self.mean, self.square = (torch.zeros(self.cut.each, device=self.parameter.device) for _ in range(2))

    def reduce(self) -> None:
        """Take the parameter's gradient and begin to sum it over the ranks."""
        self._coming = self.cut.sum(self.parameter.grad.reshape(-1))
        self.parameter.grad = None

    @torch.no_grad()
    def update(self, now: Now) -> None:
        """Move this rank's part by learning rate lr * now.lr_multiplier, and begin to hand it round."""
        gradient, part = self._coming.wait(), self.cut.own(self.parameter.detach().view(-1))
        self.count += 1
        lr = self.lr * now.lr_multiplier
        if part.is_cuda:
            self._fused(part, gradient, lr)
        else:
            self._plain(part, gradient, lr)
        self._coming = self.cut.gather(part)

    def _plain(self, part: Tensor, gradient: Tensor, lr: float) -> None:
        self.mean.lerp_(gradient, 1 - self.beta1)
        self.square.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        scale = self.square.div(1 - self.beta2**self.count).sqrt_().add_(self.eps)
        if self.weight_decay:
            part.mul_(1 - lr * self.weight_decay)
        part.addcdiv_(self.mean, scale, value=-lr / (1 - self.beta1**self.count))

    def _fused(self, part: Tensor, gradient: Tensor, lr: float) -> None:
        """The same in one kernel, which is what torch.optim.AdamW(fused=True) runs: it reads and writes each number once."""
        state = ([part], [gradient], [self.mean], [self.square], [], [torch.full((), float(self.count), device=part.device)])
        settings = {"lr": lr, "beta1": self.beta1, "beta2": self.beta2, "weight_decay": self.weight_decay, "eps": self.eps}
        torch._fused_adamw_(*state, **settings, amsgrad=False, maximize=False)

    @torch.no_grad()
    def apply(self, now: Now) -> None:
        """Take over what every rank has moved."""
        moved = self._coming.wait()
        del self._coming
        if ranks() > 1:  # alone, the part was the parameter itself
            self.parameter.view(-1).copy_(moved)

    def state(self) -> dict[str, Tensor]:
        """The state of all ranks, on the first of them; each has to call it."""
        whole = {name: self.cut.whole(getattr(self, name)) for name in ("mean", "square")}
        return whole | {"count": torch.tensor(self.count)}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take this rank's part of a whole state."""
        self.count = int(state["count"])
        for name in ("mean", "square"):
            getattr(self, name).copy_(self.cut.own(state[name]))
