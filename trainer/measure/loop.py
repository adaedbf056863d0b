"""The training run. This loop serves and counts batches, counts FLOPs and holds the clock; editable code makes a step."""

import math
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from trainer import order, packing
from trainer.measure import audit, building, conduct, custody, digests, files, machine, prefetch, record, resume, saving
from trainer.measure import budget as budgets
from trainer.measure import data as datas
from trainer.measure import ranks as processes
from trainer.measure.batches import Batches
from trainer.measure.errors import RunFailed, Stopped
from trainer.measure.metrics import Metrics
from trainer.measure.stopping import Stopping

if TYPE_CHECKING:
    from trainer.measure.train import Request

PROGRESS_SECONDS = 2.0  # at most one printed line in this time


class Run:
    """One training run, from an empty folder, or from what an unfinished one saved, to checkpoint.pt and train.json."""

    def __init__(self, request: "Request", ranks: processes.Ranks) -> None:
        """Build model, data order and step count, and compile; nothing is trained yet. Raises UsageError."""
        self.began = time.perf_counter()
        places = {"snapshot": digests.PACKAGE.parent, "run": request.out, "data": request.data}
        self.audit = audit.Audit(**places, loaded=custody.begin().loaded).watch()
        self.request, self.ranks, self.data = request, ranks, datas.open_folder(request.data)
        self.recipe = building.recipe(request.recipe, depth=request.depth, vocab=self.data.vocab)
        self.device = machine.device(ranks.device)
        self.dtype = machine.dtype(self.device)
        T, batch_tokens = self.recipe.sequence_length, self.recipe.batch_tokens
        self.conduct = conduct.Conduct(self.data)
        share = {"rank": ranks.rank, "ranks": ranks.size, "order": order.order, "pack": packing.pack}
        served = Batches(self.data, seed=request.order_seed, T=T, batch_tokens=batch_tokens, around=self.conduct.apart, **share)
        self.batches = prefetch.ahead(served, self.device)
        build = building.Builder(request.seed, request.depth, self.recipe, self.data, self.device, self.dtype, self.conduct)
        self.flops_per_step = build.step_flops(self.batches.rows_per_batch)
        self.model_flops = build.model_flops()
        resume.seed_generators(request.seed, rank=0)  # every rank builds the same model
        self.model, self.step = build.training()
        planned = budgets.steps_of(request.budget, tokens_per_step=batch_tokens, flops_per_step=self.flops_per_step)
        self.meter = budgets.Meter(request.budget, planned)
        self.stopwatch = machine.Stopwatch(self.device)
        self.loss, self.outside, self.continued_at = math.nan, list[str](), list[int]()
        self.peak_memory_mb = self.cpu_seconds = 0.0
        self.last_batch: tuple[torch.Tensor, torch.Tensor, float] | None = None
        self.tampering: list[str] = []
        with self.conduct.still(self.model):
            self.loss_mode = self._prepare()
        resume.seed_generators(request.seed, ranks.rank)
        saving.go_on(self)

    def train(self, stopping: Stopping) -> None:
        """Spend the budget. Raises RunFailed when the loss stops being a number, Stopped after SIGTERM."""
        metrics = Metrics(self.request.out / "metrics.jsonl", after=self.meter.steps) if self.ranks.first else None
        self._say(record.opening(self))
        self.conduct.begin(self.ranks)
        with metrics or nullcontext():
            printed, states, before = -math.inf, saving.Saving(self), time.process_time()
            self.meter.start()
            while self.meter.left:
                row = self._one_step()
                if metrics:
                    metrics.write(row)
                if not math.isfinite(self.loss):
                    raise RunFailed(f"nan: the loss is {self.loss} at step {self.meter.steps}")
                self.meter.train_seconds, stop, save = self.ranks.highest((self.meter.train_seconds, stopping.asked, states.due))
                if time.perf_counter() - printed > PROGRESS_SECONDS or not self.meter.left:
                    printed = time.perf_counter()
                    self._say(record.line(row))
                if (stop or save) and self.meter.left:
                    states.save()
                if stop and self.meter.left:
                    raise Stopped(f"stopped by SIGTERM after step {self.meter.steps}; the same command goes on from there")
            self.cpu_seconds = time.process_time() - before

    def finish(self) -> dict[str, Any] | None:
        """Write checkpoint.pt and train.json; the first rank returns train.json's content, the others None."""
        self.batches.close()
        self.conduct.ended()
        self.peak_memory_mb = self.ranks.highest([machine.peak_memory_mb(self.device)])[0]
        self.outside = sorted({what for seen in self.ranks.everyones(self.audit.seen) for what in seen})
        digest = saving.trained_model(self)
        self.conduct.conclude(self)
        self.tampering = sorted({what for found in self.ranks.everyones(self.conduct.found) for what in found})
        if not self.ranks.first:
            return None
        found = record.of_run(self, "succeeded", None, digest)
        files.write_json(self.request.out / "train.json", found)
        resume.forget(self.request.out)
        return found

    def _one_step(self) -> dict[str, Any]:
        """Train on the next batch; returns the line for metrics.jsonl."""
        progress = self.meter.progress
        inputs, targets = (x.to(self.device, non_blocking=True) for x in self.batches.next())
        self.last_batch = inputs, targets, progress
        with self.stopwatch, self.conduct.step(self.meter.steps, progress):
            loss = self.step(*self.last_batch)
        self.loss = float(loss)
        self.meter.finished()
        return record.of_step(self, progress)

    def _prepare(self) -> str:
        """Compile before the clock starts, on a batch of nothing."""
        shape = (self.batches.rows_per_batch // self.ranks.size, self.recipe.sequence_length)
        nothing = torch.zeros(shape, dtype=torch.int64, device=self.device)
        return self.step.prepare(nothing, nothing)

    def _say(self, text: str) -> None:
        if self.ranks.first:
            print(text, flush=True)
