"""From a request to a model, and what one step of it costs: shapes, values by the run's seed, FLOPs counted by running it."""

from dataclasses import dataclass
from pathlib import Path

import torch

from trainer import attention, model, scaling, shards
from trainer import recipe as recipes
from trainer.measure import conduct, flops, seeds, utilization
from trainer.measure.data import Data
from trainer.measure.errors import UsageError
from trainer.step import TrainStep


@dataclass(frozen=True, slots=True)
class Builder:
    """Everything that a model of this run is built from."""

    seed: int
    depth: int
    recipe: recipes.Recipe
    data: Data
    device: torch.device
    dtype: torch.dtype
    conduct: conduct.Conduct

    def training(self) -> tuple[model.GPT, TrainStep]:
        """The model on its device with its first values, and the step that trains it."""
        with self.conduct.apart():
            built = self._model()
            return built, TrainStep(built, self.recipe)

    def step_flops(self, rows: int) -> int:
        """Of one step of all ranks: the whole batch of so many rows in one process."""
        if self.device.type == "cpu":  # where shapes alone would do: importing what reckons them takes longer than a step
            return self._step_flops(self.device, rows)
        return flops.on_shapes_or_on(self.device, lambda device: self._step_flops(device, rows))

    def model_flops(self) -> utilization.ModelFlops | None:
        """What the model's share of a GPU's peak is reckoned from; None on a CPU, whose peak nobody publishes."""
        if self.device.type != "cuda":
            return None

        def of_row(T: int) -> int:
            return flops.on_shapes_or_on(self.device, lambda device: self._row_flops(device, T))

        return utilization.counted(of_row, self.recipe.sequence_length)

    def _model(self) -> model.GPT:
        built = model.build(self.recipe, depth=self.depth, vocab=self.data.vocab, dtype=self.dtype)
        built.initialize(lambda name: seeds.parameter(self.seed, name))
        return built.to(self.device)

    def _bare_model(self, device: torch.device) -> model.GPT:
        """A model for the FLOP counter; on the meta device it has neither values nor memory."""
        if device.type != "meta":
            return self._model()
        with device:
            return model.build(self.recipe, depth=self.depth, vocab=self.data.vocab, dtype=self.dtype)

    def _step_flops(self, device: torch.device, rows: int) -> int:
        with shards.alone(), attention.plain():
            with self.conduct.apart():
                step = TrainStep(self._bare_model(device), self.recipe)
            tokens = torch.zeros((rows, self.recipe.sequence_length), dtype=torch.int64, device=device)
            return flops.of_step(lambda: step(tokens, tokens, 0.0))

    def _row_flops(self, device: torch.device, T: int) -> int:
        """Forward and backward of one row."""
        tokens = torch.zeros((1, T), dtype=torch.int64, device=device)
        with attention.plain():
            built = self._bare_model(device)
            return flops.of_step(lambda: built.loss(tokens, tokens).backward())


def recipe(path: Path | None, *, depth: int, vocab: int) -> recipes.Recipe:
    """The shipped recipe with the file's keys laid over it, and what `depth` derives from that. Raises UsageError."""
    try:
        return scaling.scaled(recipes.load(path), depth=depth, vocab=vocab)
    except recipes.RecipeError as error:
        raise UsageError(f"recipe: {error}") from error
