"""The training run. This loop serves and counts batches, counts FLOPs and holds the clock; editable code makes a step."""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer import attention, model
from trainer import recipe as recipes
from trainer.measure import audit, checkpoint, digests, files, flops, machine, seeds
from trainer.measure import budget as budgets
from trainer.measure import data as datas
from trainer.measure.batches import Batches
from trainer.measure.errors import RunFailed, UsageError
from trainer.measure.metrics import Metrics
from trainer.step import TrainStep

PROGRESS_SECONDS = 2.0  # at most one printed line in this time


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for. Paths are absolute or relative to the current folder."""

    seed: int
    budget: budgets.Budget
    depth: int
    data: Path
    out: Path
    device: str = "cpu"
    recipe: Path | None = None
    data_seed: int | None = None  # of the data order; None: seed


class Run:
    """One training run, from an empty folder to checkpoint.pt and train.json."""

    def __init__(self, request: Request) -> None:
        """Build model, data order and step count; nothing is trained yet. Raises UsageError."""
        self.began = time.perf_counter()
        self.audit = audit.Audit(snapshot=digests.PACKAGE.parent, run=request.out, data=request.data).watch()
        self.request, self.recipe = request, _recipe(request.recipe)
        self.data = datas.open_folder(request.data)
        self.device = machine.device(request.device)
        self.dtype = machine.dtype(self.device)
        T, batch_tokens = self.recipe.sequence_length, self.recipe.batch_tokens
        order_seed = request.seed if request.data_seed is None else request.data_seed
        self.batches = Batches(self.data, seed=order_seed, T=T, batch_tokens=batch_tokens)
        self.flops_per_step = self._count_flops()
        self.model = self._new_model()
        self.step = TrainStep(self.model, self.recipe)
        planned = budgets.steps_of(request.budget, tokens_per_step=batch_tokens, flops_per_step=self.flops_per_step)
        self.meter = budgets.Meter(request.budget, planned)
        self.loss = math.nan

    def train(self) -> None:
        """Spend the budget. Raises RunFailed when the loss stops being a number."""
        with Metrics(self.request.out / "metrics.jsonl") as metrics:
            printed = -math.inf
            while self.meter.left:
                progress = self.meter.progress
                inputs, targets = (x.to(self.device, non_blocking=True) for x in self.batches.next())
                self.loss = float(self.step(inputs, targets, progress))
                machine.synchronize(self.device)
                self.meter.finished()
                row = self._row(progress)
                metrics.write(row)
                if not math.isfinite(self.loss):
                    raise RunFailed(f"nan: the loss is {self.loss} at step {self.meter.steps}")
                if time.perf_counter() - printed > PROGRESS_SECONDS or not self.meter.left:
                    printed = time.perf_counter()
                    print(_line(row), flush=True)

    def record(self, status: str, reason: str | None, checkpoint_digest: str | None) -> dict[str, Any]:
        """train.json: everything a lab needs to call the run valid and to compare it."""
        request, meter = self.request, self.meter
        return {
            "schema": 1,
            "status": status,
            "reason": reason,
            "seed": request.seed,
            "budget": request.budget.text,
            "depth": request.depth,
            "recipe": self.recipe.values(),
            "evaluator_digest": digests.of_evaluator(),
            "code_digest": digests.of_code(),
            "trainer_path": os.path.relpath(digests.PACKAGE),
            **self.data.identity,
            "data_order_digest": self.batches.order_digest,
            "device": str(self.device),
            "device_model": machine.model_name(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "attention": attention.backend(self.device.type, self.recipe.sequence_length),
            "threads": torch.get_num_threads(),
            "versions": machine.versions(),
            "loss": self.loss if math.isfinite(self.loss) else None,
            "steps": meter.steps,
            "timed_steps": meter.timed_steps,
            "tokens": meter.steps * self.batches.tokens_per_batch,
            "train_seconds": meter.train_seconds,
            "total_seconds": time.perf_counter() - self.began,
            "tok_per_sec": self._tok_per_sec(),
            **self._parameters(),
            "flops_per_step": self.flops_per_step,
            "flops": meter.steps * self.flops_per_step,
            "peak_memory_mb": machine.peak_memory_mb(self.device),
            "kept_fraction": self.batches.packer.kept_fraction,
            "epochs": self.batches.epochs,
            "outside": self.audit.seen,
            "checkpoint_digest": checkpoint_digest,
        }

    def _new_model(self) -> model.GPT:
        built = model.build(self.recipe, depth=self.request.depth, vocab=self.data.vocab, dtype=self.dtype)
        built.initialize(lambda name: seeds.parameter(self.request.seed, name))
        return built.to(self.device)

    def _count_flops(self) -> int:
        """On a model of its own, so that the run starts from untouched weights and optimizer state."""
        step = TrainStep(self._new_model(), self.recipe)
        shape = (self.batches.rows_per_batch, self.recipe.sequence_length)
        tokens = torch.zeros(shape, dtype=torch.int64, device=self.device)
        with attention.plain():
            return flops.of_step(lambda: step(tokens, tokens, 0.0))

    def _row(self, progress: float) -> dict[str, Any]:
        meter = self.meter
        return {
            "step": meter.steps,
            "steps": meter.steps_planned,
            "loss": self.loss if math.isfinite(self.loss) else None,
            "lr_multiplier": self.step.lr_multiplier(progress),
            "train_seconds": round(meter.train_seconds, 4),
            "tokens": meter.steps * self.batches.tokens_per_batch,
            "flops": meter.steps * self.flops_per_step,
            "tok_per_sec": round(self._tok_per_sec(), 1),
            "peak_memory_mb": round(machine.peak_memory_mb(self.device), 1),
        }

    def _tok_per_sec(self) -> float:
        meter = self.meter
        return meter.timed_steps * self.batches.tokens_per_batch / meter.train_seconds if meter.train_seconds else 0.0

    def _parameters(self) -> dict[str, int]:
        """Counts; `active` leaves out the embedding tables, of which a token reads one row each."""
        total = sum(parameter.numel() for parameter in self.model.parameters())
        tables = [module for module in self.model.modules() if isinstance(module, torch.nn.Embedding)]
        embedding = sum(table.weight.numel() for table in tables)
        return {"parameters": total, "parameters_active": total - embedding, "parameters_embedding": embedding}


def train(request: Request) -> dict[str, Any]:
    """Run it; returns train.json's content. A run that fails still leaves train.json, with the reason."""
    request.out.mkdir(parents=True, exist_ok=True)
    for name in ("train.json", "metrics.jsonl", checkpoint.NAME):
        if (request.out / name).exists():
            raise UsageError(f"--out {request.out} holds a run already ({name}); choose another folder")
    run = None
    try:
        run = Run(request)
        run.train()
        weights = {name: value.detach().cpu() for name, value in run.model.state_dict().items()}
    except UsageError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, RunFailed) else f"{type(error).__name__}: {error}"
        record = run.record("failed", reason, None) if run else _unbuilt(request, reason)
        files.write_json(request.out / "train.json", record)
        raise
    digest = checkpoint.save(request.out, weights, recipe=run.recipe, depth=request.depth, vocab=run.data.vocab)
    record = run.record("succeeded", None, digest)
    files.write_json(request.out / "train.json", record)
    return record


def _unbuilt(request: Request, reason: str) -> dict[str, Any]:
    """train.json of a run whose model could not even be built."""
    asked = {"seed": request.seed, "budget": request.budget.text, "depth": request.depth}
    return {"schema": 1, "status": "failed", "reason": reason, **asked, "code_digest": digests.of_code()}


def _recipe(path: Path | None) -> recipes.Recipe:
    try:
        return recipes.load(path)
    except recipes.RecipeError as error:
        raise UsageError(f"recipe: {error}") from error


def _line(row: dict[str, Any]) -> str:
    of = f"/{row['steps']}" if row["steps"] else ""
    loss = "nan" if row["loss"] is None else f"{row['loss']:.4f}"
    rate = f"lr ×{row['lr_multiplier']:.3f}  {row['train_seconds']:.1f} s  {row['tok_per_sec']:,.0f} tok/s"
    return f"step {row['step']}{of}  loss {loss}  {rate}  {row['peak_memory_mb']:.0f} MB"
