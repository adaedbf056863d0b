"""What a process holds of its training run: model, step, batches, clock, counts."""

import math
import time

import torch

from trainer import order, packing
from trainer.measure import audit, building, conduct, custody, digests, machine, own_tokens, prefetch, resume
from trainer.measure import budget as budgets
from trainer.measure import ranks as processes
from trainer.measure.batches import Batches
from trainer.measure.request import Request


class Run:
    """Everything that one process holds of its training run, built and ready for the first step."""

    def __init__(self, request: Request, ranks: processes.Ranks) -> None:
        """Build model, data order and step count, and compile; nothing is trained yet. Raises UsageError."""
        self.began = time.perf_counter()
        places = {"snapshot": digests.PACKAGE.parent, "run": request.out, "data": request.data}
        self.audit = audit.Audit(**places, loaded=custody.begin().loaded).watch()
        self.request, self.ranks, self.data = request, ranks, own_tokens.open_folder(request.data, ranks.device)
        self.audit.scores(self.data.tokens)
        self.recipe = building.recipe(request.recipe, depth=request.depth, vocab=self.data.vocab)
        self.device = machine.device(ranks.device)
        self.dtype = machine.dtype(self.device)
        T, batch_tokens = self.recipe.sequence_length, self.recipe.batch_tokens
        self.conduct = conduct.Conduct(self.data)
        share = {"rank": ranks.rank, "ranks": ranks.size, "order": order.order, "pack": packing.pack}
        served = Batches(self.data, seed=request.order_seed, T=T, batch_tokens=batch_tokens, around=self.conduct.fed, **share)
        self.batches = prefetch.ahead(served, self.device)
        build = building.Builder(request.seed, request.depth, self.recipe, self.data, self.device, self.dtype, self.conduct)
        self.flops_per_step = build.step_flops(self.batches.rows_per_batch)
        self.model_flops = build.model_flops()
        resume.seed_generators(request.seed, rank=0)  # every rank builds the same model
        self.model, self.step = build.training()
        self.tokens_per_step = batch_tokens * self.data.worth
        planned = budgets.steps_of(request.budget, tokens_per_step=self.tokens_per_step, flops_per_step=self.flops_per_step)
        self.meter = budgets.Meter(request.budget, planned)
        self.stopwatch = machine.Stopwatch(self.device)
        self.loss, self.outside, self.continued_at = math.nan, list[str](), list[int]()
        self.peak_memory_mb = self.cpu_seconds = 0.0
        self.last_batch: tuple[torch.Tensor, torch.Tensor, float] | None = None
        self.tampering: list[str] = []
        with self.conduct.still(self.model):
            self.loss_mode = self._prepare()
        resume.seed_generators(request.seed, ranks.rank)

    def _prepare(self) -> str:
        """Compile before the clock starts, on a batch of nothing."""
        shape = (self.batches.rows_per_batch // self.ranks.size, self.recipe.sequence_length)
        nothing = torch.zeros(shape, dtype=torch.int64, device=self.device)
        return self.step.prepare(nothing, nothing)
