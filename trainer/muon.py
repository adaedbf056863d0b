"""Muon: momentum whose matrix update is orthogonalized. Sources: Jordan et al. 2024 (Muon); Amsel et al. 2025,
arXiv 2505.16932 (Polar Express); Li et al. 2025, arXiv 2510.05491 (row-wise second moments, NorMuon).
"""

import torch
from torch import Tensor

from trainer.schedule import Now
from trainer.shards import Cut

# Minimax odd quintics (a, b, c): x ← a x + b x³ + c x⁵ drives singular values in [1e-3, 1] to within 15 % of 1 in five steps.
# They hold a 2 % margin for rounding in bfloat16.
POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)


def orthogonalized(matrices: Tensor, iterations: int = 5) -> Tensor:
    """The nearest (semi-)orthogonal matrices: U Vᵀ of each U S Vᵀ. (…, M, N) → the same shape and format."""
    tall = matrices.size(-2) > matrices.size(-1)
    x = (matrices.mT if tall else matrices).reshape(-1, *sorted(matrices.shape[-2:]))
    x = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.02 + 1e-6)
    for a, b, c in POLAR_EXPRESS[:iterations]:
        gram = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).reshape(matrices.shape)


class Muon:
    """Updates matrices of one shape together, as one stack (K, M, N). Each rank keeps the momentum of K / ranks of them,
    orthogonalizes those, and sends the finished updates to the others."""

    def __init__(self, parameters: list[Tensor], *, lr: float, beta2: float, iterations: int, dtype: torch.dtype) -> None:
        """parameters: each (M, N) or a stack (k, M, N). dtype: format in which matrices are orthogonalized."""
        self.parameters, self.lr, self.beta2, self.iterations, self.dtype = parameters, lr, beta2, iterations, dtype
        self._stacks = [parameter.data.view(-1, *parameter.shape[-2:]) for parameter in parameters]
        self.cut = Cut.of(sum(len(stack) for stack in self._stacks))
        shape = (self.cut.each, *parameters[0].shape[-2:])
        self.momentum = torch.zeros(shape, device=parameters[0].device)
        self._rows = shape[-2] >= shape[-1]  # second moments run along the longer side
        self.square = torch.zeros_like(self.momentum.mean(dim=-1 if self._rows else -2, keepdim=True))

    def reduce(self) -> None:
        """Take the parameters' gradients and begin to sum them over the ranks."""
        gradients = [parameter.grad.view(-1, *parameter.shape[-2:]) for parameter in self.parameters]
        self._coming = self.cut.sum(torch.cat(gradients))
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def update(self, now: Now) -> None:
        """Orthogonalize this rank's matrices, and begin to hand the updates round."""
        gradient = self._coming.wait()
        self.momentum.lerp_(gradient, 1 - now.muon_momentum)
        nesterov = gradient.lerp_(self.momentum, now.muon_momentum)
        real = nesterov[: self.cut.held].to(self.dtype)  # orthogonalizing padding too would cost more FLOPs than one rank alone
        update = self.cut.padded(orthogonalized(real, self.iterations).float())
        self._coming = self.cut.gather(self._equalized(update) if self.beta2 else update)

    @torch.no_grad()
    def apply(self, now: Now) -> None:
        """Move all parameters; the decay acts only where it agrees with the update in sign."""
        update = self._coming.wait()
        del self._coming
        M, N = update.shape[-2:]
        lr = self.lr * now.lr_multiplier * max(1.0, M / N) ** 0.5
        for stack, part in zip(self._stacks, update.split([len(stack) for stack in self._stacks]), strict=True):
            if now.weight_decay:
                part = part + now.weight_decay * stack * (part * stack >= 0)
            stack.sub_(part, alpha=lr)

    def state(self) -> dict[str, Tensor]:
        """The state of all ranks, on the first of them; each has to call it."""
        return {name: self.cut.whole(getattr(self, name)) for name in ("momentum", "square")}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take this rank's part of a whole state."""
        for name in ("momentum", "square"):
            getattr(self, name).copy_(self.cut.own(state[name]))

    def _equalized(self, update: Tensor) -> Tensor:
        """Divide each row (or column) by its running root mean square, keeping each matrix's Frobenius norm."""
        square = update.square().mean(dim=-1 if self._rows else -2, keepdim=True)
        self.square.lerp_(square, 1 - self.beta2)
        scale = self.square.clamp_min(1e-10).rsqrt()
        before = square.sum(dim=(-2, -1), keepdim=True)
        after = (square * scale.square()).sum(dim=(-2, -1), keepdim=True)
        return update * (scale * (before / after.clamp_min(1e-10)).sqrt())
