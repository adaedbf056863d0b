"""Which parameter is updated by which rule: matrices inside the layers by Muon, everything else by AdamW."""

from typing import Any

import torch

from trainer import schedule
from trainer.adamw import AdamW
from trainer.model import GPT
from trainer.muon import Muon
from trainer.recipe import Recipe


class Optimizer:
    """Both rules behind one `step`. Every parameter of the model is in exactly one of `rules`, which are named."""

    def __init__(self, model: GPT, recipe: Recipe) -> None:
        self.recipe, self.count = recipe, 0
        self.rules: dict[str, AdamW | Muon] = {}
        shapes: dict[str, list[torch.Tensor]] = {}
        for name, parameter in model.named_parameters():
            if name.startswith("blocks.") and not name.endswith("gate.weight"):
                M, N = parameter.shape[-2:]
                shapes.setdefault(f"muon {M} x {N}", []).append(parameter)
            else:
                self.rules[name] = self._adamw(name, parameter)
        for name, stack in shapes.items():
            settings = {"lr": recipe.muon_lr, "beta2": recipe.muon_beta2, "iterations": recipe.muon_iterations}
            self.rules[name] = Muon(stack, dtype=model.dtype, **settings)

    def step(self, progress: float) -> None:
        """Update all parameters from their .grad, and drop the gradients. progress: spent share of the budget.

        Three passes, so that what one rule sends travels while the next one computes.
        """
        now = schedule.at(progress, self.count, self.recipe)
        for rule in self.rules.values():
            rule.reduce()
        for rule in self.rules.values():
            rule.update(now)
        for rule in self.rules.values():
            rule.apply(now)
        self.count += 1

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, on the first rank; each has to call it. Any number of ranks can go on from it."""
        return {"count": self.count, "rules": {name: rule.state() for name, rule in self.rules.items()}}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.count = state["count"]
        for name, rule in self.rules.items():
            rule.load(state["rules"][name])

    def _adamw(self, name: str, parameter: torch.Tensor) -> AdamW:
        recipe = self.recipe
        lr, decay, beta1 = recipe.scalar_lr, 0.0, recipe.adam_beta1
        match name.split("."):
            case ["embedding", _]:
                lr, decay = recipe.embedding_lr, recipe.embedding_weight_decay
            case ["values", *_]:
                lr, decay = recipe.value_embedding_lr, recipe.embedding_weight_decay
            case ["head", _]:
                lr = recipe.unembedding_lr
            case ["x0"]:
                lr, beta1 = recipe.x0_lr, recipe.x0_beta1
        return AdamW(parameter, lr=lr, beta1=beta1, beta2=recipe.adam_beta2, eps=recipe.adam_eps, weight_decay=decay)
