"""Learning rate, momentum and decay as functions of progress (the spent fraction of the budget) or of the step."""

from dataclasses import dataclass

from trainer.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Now:
    """What the schedule says about one step."""

    lr_multiplier: float = 1.0
    muon_momentum: float = 0.0
    weight_decay: float = 0.0


def at(progress: float, step: int, recipe: Recipe) -> Now:
    """progress: spent share of the budget, 0 to 1. step: counted from 0."""
    return Now(lr_multiplier(progress, recipe), muon_momentum(step, recipe), weight_decay(progress, recipe))


def lr_multiplier(progress: float, recipe: Recipe) -> float:
    """Multiplies every learning rate: linear up, flat, linear down to final_lr_fraction. progress: 0 to 1."""
    if progress < recipe.warmup_ratio:
        return (progress + 1e-3) / (recipe.warmup_ratio + 1e-3)
    left = (1 - progress) / recipe.warmdown_ratio if recipe.warmdown_ratio else 1.0
    return min(1.0, left) * (1 - recipe.final_lr_fraction) + recipe.final_lr_fraction


def muon_momentum(step: int, recipe: Recipe) -> float:
    """Rises linearly over the first muon_momentum_steps steps."""
    share = min(step / max(recipe.muon_momentum_steps, 1), 1.0)
    return (1 - share) * recipe.muon_momentum_start + share * recipe.muon_momentum


def weight_decay(progress: float, recipe: Recipe) -> float:
    """Falls linearly to 0 at the end of the budget."""
    return recipe.weight_decay * (1 - progress)
