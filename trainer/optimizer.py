"""Which parameter is updated by which rule: matrices inside the layers by Muon, everything else by AdamW."""

import torch

from trainer import schedule
from trainer.adamw import AdamW
from trainer.model import GPT
from trainer.muon import Muon
from trainer.recipe import Recipe


class Optimizer:
    """Both rules behind one `step`. Every parameter of the model is in exactly one of them."""

    def __init__(self, model: GPT, recipe: Recipe) -> None:
        self.recipe, self.count = recipe, 0
        self.adamw: list[AdamW] = []
        shapes: dict[torch.Size, list[torch.Tensor]] = {}
        for name, parameter in model.named_parameters():
            if name.startswith("blocks.") and not name.endswith("gate.weight"):
                shapes.setdefault(parameter.shape[-2:], []).append(parameter)
            else:
                self.adamw.append(self._adamw(name, parameter))
        self.muon = [
            Muon(stack, lr=recipe.muon_lr, beta2=recipe.muon_beta2, iterations=recipe.muon_iterations, dtype=model.dtype)
            for stack in shapes.values()
        ]

    def step(self, progress: float) -> None:
        """Update all parameters from their .grad, and drop the gradients. progress: spent share of the budget."""
        multiplier = schedule.lr_multiplier(progress, self.recipe)
        momentum = schedule.muon_momentum(self.count, self.recipe)
        decay = schedule.weight_decay(progress, self.recipe)
        for rule in self.adamw:
            rule.step(rule.parameter.grad, multiplier)
            rule.parameter.grad = None
        for group in self.muon:
            group.step(lr_multiplier=multiplier, momentum=momentum, weight_decay=decay)
            for parameter in group.parameters:
                parameter.grad = None
        self.count += 1

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
