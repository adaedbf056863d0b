"""The training run. This loop serves and counts batches, counts FLOPs and holds the clock; editable code makes a step."""

import math
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer import attention, model, shards
from trainer import recipe as recipes
from trainer.measure import (
    audit,
    checkpoint,
    conduct,
    digests,
    failures,
    files,
    flops,
    machine,
    record,
    resume,
    seeds,
    utilization,
)
from trainer.measure import budget as budgets
from trainer.measure import data as datas
from trainer.measure import ranks as processes
from trainer.measure.batches import Batches
from trainer.measure.errors import RunFailed, Stopped, TrainerError, UsageError
from trainer.measure.metrics import Metrics
from trainer.measure.stopping import Stopping
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
    save_minutes: float = 10.0  # between two savings of what a killed run would go on from


class Run:
    """One training run, from an empty folder, or from what an unfinished one saved, to checkpoint.pt and train.json."""

    def __init__(self, request: Request, ranks: processes.Ranks) -> None:
        """Build model, data order and step count; nothing is trained yet. Raises UsageError."""
        self.began = time.perf_counter()
        self.audit = audit.Audit(snapshot=digests.PACKAGE.parent, run=request.out, data=request.data).watch()
        self.request, self.ranks, self.recipe = request, ranks, _recipe(request.recipe)
        self.data = datas.open_folder(request.data)
        self.device = machine.device(ranks.device)
        self.dtype = machine.dtype(self.device)
        T, batch_tokens = self.recipe.sequence_length, self.recipe.batch_tokens
        self.batches = Batches(
            self.data, seed=self._order_seed, T=T, batch_tokens=batch_tokens, rank=ranks.rank, ranks=ranks.size
        )
        self.conduct = conduct.Conduct(self.data)
        self.flops_per_step = flops.on_shapes_or_on(self.device, self._step_flops)
        self.model_flops = self._model_flops() if self.device.type == "cuda" else None
        resume.seed_generators(request.seed, rank=0)  # every rank builds the same model
        with self.conduct.apart():
            self.model = self._new_model()
            self.step = TrainStep(self.model, self.recipe)
        planned = budgets.steps_of(request.budget, tokens_per_step=batch_tokens, flops_per_step=self.flops_per_step)
        self.meter = budgets.Meter(request.budget, planned)
        self.stopwatch = machine.Stopwatch(self.device)
        self.loss, self.peak_memory_mb, self.outside, self.continued_at = math.nan, 0.0, list[str](), list[int]()
        self.last_batch: tuple[torch.Tensor, torch.Tensor, float] | None = None
        self.tampering: list[str] = []
        with self.conduct.still(self.model):
            self.loss_mode = self._prepare()
        resume.seed_generators(request.seed, ranks.rank)
        self._go_on()

    def train(self, stopping: Stopping) -> None:
        """Spend the budget. Raises RunFailed when the loss stops being a number, Stopped after SIGTERM."""
        metrics = Metrics(self.request.out / "metrics.jsonl", after=self.meter.steps) if self.ranks.first else None
        self._say(record.opening(self))
        with metrics or nullcontext():
            printed, saved = -math.inf, time.perf_counter()
            self.meter.start()
            while self.meter.left:
                row = self._one_step()
                if metrics:
                    metrics.write(row)
                if not math.isfinite(self.loss):
                    raise RunFailed(f"nan: the loss is {self.loss} at step {self.meter.steps}")
                old = time.perf_counter() - saved > 60 * self.request.save_minutes
                self.meter.train_seconds, stop, save = self.ranks.highest((self.meter.train_seconds, stopping.asked, old))
                if time.perf_counter() - printed > PROGRESS_SECONDS or not self.meter.left:
                    printed = time.perf_counter()
                    self._say(record.line(row))
                if (stop or save) and self.meter.left:
                    self._save()
                    saved = time.perf_counter()
                if stop and self.meter.left:
                    raise Stopped(f"stopped by SIGTERM after step {self.meter.steps}; the same command goes on from there")

    def finish(self) -> dict[str, Any] | None:
        """Write checkpoint.pt and train.json; the first rank returns train.json's content, the others None."""
        self.conduct.ended()
        self.peak_memory_mb = self.ranks.highest([machine.peak_memory_mb(self.device)])[0]
        self.outside = sorted({what for seen in self.ranks.everyones(self.audit.seen) for what in seen})
        self._agree_on_weights()
        digest = self._save_checkpoint() if self.ranks.first else None
        self.conduct.conclude(self)
        self.tampering = sorted({what for found in self.ranks.everyones(self.conduct.found) for what in found})
        if not self.ranks.first:
            return None
        request = self.request
        found = record.of_run(self, "succeeded", None, digest)
        files.write_json(request.out / "train.json", found)
        resume.forget(request.out)
        return found

    def _save_checkpoint(self) -> str:
        with self.conduct.apart():
            weights = {name: value.detach().cpu() for name, value in self.model.state_dict().items()}
        request = self.request
        return checkpoint.save(request.out, weights, recipe=self.recipe, depth=request.depth, vocab=self.data.vocab)

    @property
    def _order_seed(self) -> int:
        return self.request.seed if self.request.data_seed is None else self.request.data_seed

    def _one_step(self) -> dict[str, Any]:
        """Train on the next batch; returns the line for metrics.jsonl."""
        progress = self.meter.progress
        inputs, targets = (x.to(self.device, non_blocking=True) for x in self.batches.next())
        self.last_batch = inputs, targets, progress
        with self.stopwatch:
            loss = self.step(*self.last_batch)
        self.loss = float(loss)
        self.meter.finished()
        return record.of_step(self, progress)

    def _new_model(self) -> model.GPT:
        built = model.build(self.recipe, depth=self.request.depth, vocab=self.data.vocab, dtype=self.dtype)
        built.initialize(lambda name: seeds.parameter(self.request.seed, name))
        return built.to(self.device)

    def _bare_model(self, device: torch.device) -> model.GPT:
        """A model for the FLOP counter; on the meta device it has neither values nor memory."""
        if device.type != "meta":
            return self._new_model()
        with device:
            return model.build(self.recipe, depth=self.request.depth, vocab=self.data.vocab, dtype=self.dtype)

    def _step_flops(self, device: torch.device) -> int:
        """Of one step of all ranks: the whole batch in one process."""
        with shards.alone(), attention.plain():
            with self.conduct.apart():
                step = TrainStep(self._bare_model(device), self.recipe)
            shape = (self.batches.rows_per_batch, self.recipe.sequence_length)
            tokens = torch.zeros(shape, dtype=torch.int64, device=device)
            return flops.of_step(lambda: step(tokens, tokens, 0.0))

    def _model_flops(self) -> utilization.ModelFlops:
        def of_row(T: int) -> int:
            return flops.on_shapes_or_on(self.device, lambda device: self._row_flops(device, T))

        return utilization.counted(of_row, self.recipe.sequence_length)

    def _row_flops(self, device: torch.device, T: int) -> int:
        """Forward and backward of one row."""
        tokens = torch.zeros((1, T), dtype=torch.int64, device=device)
        with attention.plain():
            built = self._bare_model(device)
            return flops.of_step(lambda: built.loss(tokens, tokens).backward())

    def _prepare(self) -> str:
        """Compile before the clock starts, on a batch of nothing."""
        shape = (self.batches.rows_per_batch // self.ranks.size, self.recipe.sequence_length)
        nothing = torch.zeros(shape, dtype=torch.int64, device=self.device)
        return self.step.prepare(nothing, nothing)

    def _asked(self) -> dict[str, Any]:
        """What has to be equal for a run to be the same run."""
        request = self.request
        asked = {"seed": request.seed, "data_seed": self._order_seed, "budget": request.budget.text, "depth": request.depth}
        asked |= {"recipe": self.recipe.values(), "code_digest": digests.of_code(), **self.data.identity}
        return asked | {"device": self.device.type, "versions": machine.versions()}

    def _save(self) -> None:
        """Write what this run could go on from; the clock stands still meanwhile."""
        state = {"steps": self.meter.steps, "train_seconds": self.meter.train_seconds, "continued_at": self.continued_at}
        state |= {"device_seconds": self.stopwatch.seconds, "weights": self.model.state_dict(), "training": self.step.state()}
        state |= {"generators": self.ranks.everyones(resume.generators())}
        if self.ranks.first:
            resume.save(self.request.out, state, self._asked())
        self.meter.start()

    def _go_on(self) -> None:
        """Take over what an earlier process saved, where there is something."""
        state = resume.load(self.request.out, self._asked())
        if state is None:
            return
        self.model.load_state_dict(state["weights"])
        self.step.load(state["training"])
        self.batches.skip(state["steps"])
        self.meter.steps, self.meter.train_seconds = state["steps"], state["train_seconds"]
        self.stopwatch.seconds, self.continued_at = state["device_seconds"], [*state["continued_at"], state["steps"]]
        if self.ranks.rank < len(state["generators"]):
            resume.set_generators(state["generators"][self.ranks.rank])

    def _agree_on_weights(self) -> None:
        """Ranks that drifted apart trained several models, of which one would be scored."""
        total = sum(float(parameter.detach().double().sum()) for parameter in self.model.parameters())
        highest, lowest = self.ranks.highest((total, -total))
        if highest != -lowest:
            raise RunFailed("the ranks ended with different weights: something in the step depends on the rank")

    def _say(self, text: str) -> None:
        if self.ranks.first:
            print(text, flush=True)


def train(request: Request) -> dict[str, Any] | None:
    """Run it; returns train.json's content, on ranks other than the first None. A run that fails leaves train.json, too."""
    ranks = processes.join(request.device)
    request.out.mkdir(parents=True, exist_ok=True)
    refusal = ranks.started(_refusal(request.out) if ranks.first else None)
    if refusal:
        raise UsageError(refusal if ranks.first else "")
    with Stopping() as stopping:
        found = _trained(request, ranks, stopping)
    ranks.leave()
    return found


def _trained(request: Request, ranks: processes.Ranks, stopping: Stopping) -> dict[str, Any] | None:
    """From model to record. Whatever goes wrong, the first rank writes train.json, and one rank says why."""
    run = None
    try:
        run = Run(request, ranks)
        run.train(stopping)
        return run.finish()
    except UsageError as error:
        raise UsageError("" if ranks.first_to_fail(str(error)) else str(error)) from None
    except Stopped as stop:
        if run and ranks.first:
            files.write_json(request.out / "train.json", record.of_run(run, "stopped", str(stop), None))
        raise Stopped(str(stop) if ranks.first else "") from None
    except Exception as error:
        _failed(request, ranks, run, error)
        raise


def _failed(request: Request, ranks: processes.Ranks, run: Run | None, error: Exception) -> None:
    """Write train.json, and raise what says it better than `error` does: one line, from one rank."""
    lost = failures.lost_rank(error) if ranks.size > 1 else None
    memory = failures.out_of_memory(error, run.recipe if run else _recipe(request.recipe), ranks.size)
    reason = lost or memory or (str(error) if isinstance(error, RunFailed) else f"{type(error).__name__}: {error}")
    said = ranks.first_to_fail(reason)
    if ranks.first:
        reason = said or reason
        found = record.of_run(run, "failed", reason, None) if run else record.of_unbuilt(request, "failed", reason)
        files.write_json(request.out / "train.json", found)
    if said:
        raise TrainerError("") from None
    if memory:
        raise RunFailed(memory) from None
    if lost:
        raise TrainerError(lost) from None


def _refusal(out: Path) -> str | None:
    """Why no run may write into this folder: it holds one that is done, or one that left nothing to go on from."""
    held = [name for name in ("train.json", "metrics.jsonl", checkpoint.NAME) if (out / name).exists()]
    unfinished = (out / resume.NAME).exists() and not files.says(out / "train.json", status="succeeded")
    if not held or unfinished:
        return None
    return f"--out {out} holds a run already ({held[0]}); choose another folder"


def _recipe(path: Path | None) -> recipes.Recipe:
    try:
        return recipes.load(path)
    except recipes.RecipeError as error:
        raise UsageError(f"recipe: {error}") from error
