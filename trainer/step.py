"""One training step: gradients over micro-batches, then the update. The loop that calls it is protected."""

from typing import Any

import torch
from torch import Tensor

from trainer import attention, compiling, schedule, shards
from trainer.model import GPT
from trainer.optimizer import Optimizer
from trainer.recipe import Recipe


class TrainStep:
    """Call it once a batch. With several ranks each calls it with its own rows of that batch."""

    def __init__(self, model: GPT, recipe: Recipe) -> None:
        self.model, self.recipe = model, recipe
        self.optimizer = Optimizer(model, recipe)
        self._loss = model.loss

    def __call__(self, inputs: Tensor, targets: Tensor, progress: float) -> Tensor:
        """Train on a batch, both (B, T); returns the mean loss of all ranks' targets in nats, detached.

        progress: spent share of the budget, 0 at the first step and below 1 at the last.
        """
        targets_total = shards.total((targets >= 0).sum())
        losses = []
        for x, y in self._micro_batches(inputs, targets):
            loss = self._loss(x, y) / targets_total
            loss.backward()
            losses.append(loss.detach())
        self.optimizer.step(progress)
        return shards.total(torch.stack(losses).sum())

    def prepare(self, inputs: Tensor, targets: Tensor, compiler: compiling.Compiler | None = None) -> str:
        """Before the clock starts: compile the loss where the recipe says so, and load every kernel of it once. Both (B, T),
        of any content; no parameter moves. Returns what the loss runs on, for the record: eager, or compiled."""
        attention.backend(inputs.device.type, inputs.size(1))  # on CUDA it tries kernels, which is not to be traced
        sizes = {len(x): (x, y) for x, y in self._micro_batches(inputs, targets)}
        self._loss, mode = compiling.prepared(self.model.loss, list(sizes.values()), self.recipe.compile, compiler)
        self.model.zero_grad(set_to_none=True)
        return mode

    def lr_multiplier(self, progress: float) -> float:
        """What the schedule multiplies learning rates by; for the record only."""
        return schedule.lr_multiplier(progress, self.recipe)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on beside the weights: tensors and numbers, on the first rank; each has to call it."""
        return self.optimizer.state()

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.optimizer.load(state)

    def _micro_batches(self, inputs: Tensor, targets: Tensor) -> list[tuple[Tensor, Tensor]]:
        rows = max(self.recipe.micro_batch_tokens // inputs.size(1), 1)
        return list(zip(inputs.split(rows), targets.split(rows), strict=True))
