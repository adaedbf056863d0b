"""What each process of test_trainer_ranks computes: three float32 steps on its own rows. `two_ranks.py OUT` under torchrun."""

import copy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from trainer import model, recipe
from trainer.measure import concluding, flops, ranks, seeds
from trainer.step import TrainStep

STEPS, ROWS, T, VOCAB = 3, 4, 32, 200


def trained(rank: int, size: int) -> dict[str, Any]:
    """Losses, weights, the numbers of optimizer state that this process holds, the whole state that it would save, and the
    FLOPs of one more step: really made, and on shapes."""
    # With the shipped epsilon a gradient that is nothing but rounding moves a weight by a whole learning rate.
    smooth = recipe.Recipe(**recipe.load().values() | {"adam_eps": 1e-3})
    built = model.build(smooth, depth=1, vocab=VOCAB, dtype=torch.float32)
    built.initialize(lambda name: seeds.parameter(1, name))
    step, losses = TrainStep(built, smooth), []
    for batch in range(STEPS):
        tokens = torch.randint(0, VOCAB, (ROWS, T + 1), generator=torch.Generator().manual_seed(batch))
        targets = tokens[:, 1:].clone()
        targets[0, : 5 * batch] = -1  # the ranks count different numbers of targets
        own = slice(rank * ROWS // size, (rank + 1) * ROWS // size)
        losses.append(float(step(tokens[own, :-1], targets[own], batch / STEPS)))
    held = {}
    for name, rule in step.optimizer.rules.items():
        parts = (getattr(rule, part, torch.empty(0)) for part in ("mean", "square", "momentum"))
        held[name] = sum(part.numel() for part in parts)
    found = copy.deepcopy({"losses": losses, "weights": built.state_dict(), "held": held, "state": step.state()})
    batch = tokens[own, :-1], targets[own], 0.5
    with flops.Counter() as counter:
        step(*batch)
    run: Any = SimpleNamespace(model=built, step=step)
    on_shapes = None if rank else concluding._on_shapes(run, *batch)  # the other ranks are not there: nothing waits for them
    return found | {"flops": counter.total, "on_shapes": on_shapes}


if __name__ == "__main__":
    torch.set_num_threads(1)
    me = ranks.join("cpu")
    torch.save(trained(me.rank, me.size), Path(sys.argv[1]) / f"{me.rank}.pt")
    me.leave()
