"""One training step: gradients over micro-batches, then the update. The loop that calls it is protected."""

import torch
from torch import Tensor

from trainer import schedule
from trainer.model import GPT
from trainer.optimizer import Optimizer
from trainer.recipe import Recipe


class TrainStep:
    """Call it once a batch."""

    def __init__(self, model: GPT, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe
        self.optimizer = Optimizer(model, recipe)

    def __call__(self, inputs: Tensor, targets: Tensor, progress: float) -> Tensor:
        """Train on a batch, both (B, T); returns its mean loss in nats a target, detached.

        progress: spent share of the budget, 0 at the first step and below 1 at the last.
        """
        rows = max(self.recipe.micro_batch_tokens // inputs.size(1), 1)
        targets_total = (targets >= 0).sum()
        losses = []
        for x, y in zip(inputs.split(rows), targets.split(rows), strict=True):
            loss = self.model.loss(x, y) / targets_total
            loss.backward()
            losses.append(loss.detach())
        self.optimizer.step(progress)
        return torch.stack(losses).sum()

    def lr_multiplier(self, progress: float) -> float:
        """What the schedule multiplies learning rates by; for the record only."""
        return schedule.lr_multiplier(progress, self.recipe)
