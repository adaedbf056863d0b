"""The checkpoint: weights and what is needed to build the same model again. One file, read without executing code."""

import io
from pathlib import Path
from typing import Any

import torch

from trainer import model
from trainer.measure import digests, files
from trainer.measure.errors import TrainerError
from trainer.recipe import Recipe

NAME = "checkpoint.pt"


def save(run: Path, weights: dict[str, torch.Tensor], *, recipe: Recipe, depth: int, vocab: int) -> str:
    """Write RUN/checkpoint.pt whole or not at all; returns its digest."""
    buffer = io.BytesIO()
    torch.save({"schema": 1, "depth": depth, "vocab": vocab, "recipe": recipe.values(), "weights": weights}, buffer)
    files.write(run / NAME, buffer.getvalue())
    return digests.of_bytes(buffer.getvalue())


def load(run: Path, device: torch.device, dtype: torch.dtype) -> tuple[model.GPT, dict[str, Any]]:
    """The trained model on `device`, and the stored values beside its weights."""
    path = run / NAME
    if not path.exists():
        raise TrainerError(f"{path}: no checkpoint; train first")
    stored = torch.load(path, map_location="cpu", weights_only=True)
    built = model.build(Recipe(**stored["recipe"]), depth=stored["depth"], vocab=stored["vocab"], dtype=dtype)
    built.load_state_dict(stored["weights"])
    return built.to(device).eval(), stored
