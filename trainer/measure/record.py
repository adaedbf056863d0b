"""What a run leaves in words and numbers: train.json, a line of metrics.jsonl, a printed line."""

import math
import os
import time
from contextlib import suppress
from typing import Any

import torch

from trainer import attention
from trainer.measure import digests, machine, utilization
from trainer.measure.request import Request
from trainer.measure.run import Run

READ = ("kept_fraction", "epochs", "selected_fraction", "distinct_tokens", "passes")  # of the corpus: batches.Tally


def of_run(run: Run, status: str, reason: str | None, checkpoint_digest: str | None) -> dict[str, Any]:
    """train.json: everything a lab needs to call the run valid and to compare it. Counts are those of all ranks."""
    request, meter, tally = run.request, run.meter, run.batches.tally
    return {
        "schema": 1,
        "status": status,
        "reason": reason,
        "seed": request.seed,
        "budget": request.budget.text,
        "depth": request.depth,
        "recipe": run.recipe.values(),
        "evaluator_digest": digests.of_evaluator(),
        "code_digest": digests.of_code(),
        "trainer_path": os.path.relpath(digests.PACKAGE),
        **run.data.identity,
        "data_order_digest": tally.order_digest,
        "device": str(run.device),
        "device_model": machine.model_name(run.device),
        "ranks": run.ranks.size,
        "dtype": str(run.dtype).removeprefix("torch."),
        "attention": attention.backend(run.device.type, run.recipe.sequence_length),
        "loss_mode": run.loss_mode,
        "threads": torch.get_num_threads(),
        "versions": machine.versions(),
        "loss": _finite(run.loss),
        "steps": meter.steps,
        "continued_at": run.continued_at,
        "tokens": _tokens(run),
        "vocab": run.data.vocab,
        "own_tokens": run.data.own.digest if run.data.own else None,
        "train_seconds": meter.train_seconds,
        "device_seconds": run.stopwatch.seconds,
        "train_cpu_seconds": run.cpu_seconds,
        "total_seconds": time.perf_counter() - run.began,
        "tok_per_sec": _tok_per_sec(run),
        **_utilization(run),
        **_parameters(run.model),
        "flops_per_step": run.flops_per_step,
        "flops": meter.steps * run.flops_per_step,
        "peak_memory_mb": run.peak_memory_mb or machine.peak_memory_mb(run.device),
        **{name: getattr(tally, name) for name in READ},
        "distinct_tokens": round(tally.distinct_tokens * run.data.worth),
        "outside": run.outside or run.audit.seen,
        "tampering": run.tampering or run.conduct.found,
        "checkpoint_digest": checkpoint_digest,
    }


def of_failed(run: Run | None, request: Request, reason: str) -> dict[str, Any]:
    """train.json of a run that failed: as much as can be told. run: None when its model could not even be built."""
    if run:
        with suppress(Exception):  # what ended the run, no attention that works say, may be what the record asks for
            return of_run(run, "failed", reason, None)
    return of_unbuilt(request, "failed", reason)


def of_unbuilt(request: Request, status: str, reason: str) -> dict[str, Any]:
    """train.json of a run whose model was not built."""
    asked = {"seed": request.seed, "budget": request.budget.text, "depth": request.depth}
    return {"schema": 1, "status": status, "reason": reason, **asked, "code_digest": digests.of_code()}


def of_step(run: Run, progress: float) -> dict[str, Any]:
    """One line of metrics.jsonl, after a step that began at `progress`."""
    meter = run.meter
    return {
        "step": meter.steps,
        "steps": meter.steps_planned,
        "loss": _finite(run.loss),
        "lr_multiplier": run.step.lr_multiplier(progress),
        "train_seconds": round(meter.train_seconds, 4),
        "tokens": _tokens(run),
        "flops": meter.steps * run.flops_per_step,
        "tok_per_sec": round(_tok_per_sec(run), 1),
        "peak_memory_mb": round(machine.peak_memory_mb(run.device), 1),
    }


def opening(run: Run) -> str:
    """The first printed line: what computes, and how much of it."""
    T = run.recipe.sequence_length
    where = f"{run.ranks.size} × {run.device.type}" if run.ranks.size > 1 else str(run.device)
    how = f"attention {attention.backend(run.device.type, T)}, loss {run.loss_mode}"
    steps = f"{run.meter.steps_planned} steps of " if run.meter.steps_planned else ""
    after = f", going on after step {run.meter.steps}" if run.meter.steps else ""
    own = f" of its own ({run.data.vocab} ids, one is worth {run.data.worth:.3f} of the task's)" if run.data.own else ""
    return f"{where}, {str(run.dtype).removeprefix('torch.')}, {how}, {steps}{run.batches.tokens_per_batch:,} tokens{own}{after}"


def line(row: dict[str, Any]) -> str:
    """A row of metrics.jsonl for people."""
    of = f"/{row['steps']}" if row["steps"] else ""
    loss = "nan" if row["loss"] is None else f"{row['loss']:.4f}"
    rate = f"lr ×{row['lr_multiplier']:.3f}  {row['train_seconds']:.1f} s  {row['tok_per_sec']:,.0f} tok/s"
    return f"step {row['step']}{of}  loss {loss}  {rate}  {row['peak_memory_mb']:.0f} MB"


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def _tokens(run: Run) -> int:
    """Served, in the task's tokens, whatever the model reads: an amount of text, to compare runs by."""
    return round(run.meter.steps * run.tokens_per_step)


def _tok_per_sec(run: Run) -> float:
    return _tokens(run) / run.meter.train_seconds if run.meter.train_seconds else 0.0


def _utilization(run: Run) -> dict[str, Any]:
    a_device = _tok_per_sec(run) / run.data.worth / run.ranks.size
    seen = utilization.seen(getattr(run.model, "windows", None), run.recipe.sequence_length)
    return utilization.of(run.model_flops, a_device, machine.model_name(run.device), seen)


def _parameters(model: torch.nn.Module) -> dict[str, int]:
    """Counts; `active` leaves out the embedding tables, of which a token reads one row each."""
    total = sum(parameter.numel() for parameter in model.parameters())
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    embedding = sum(table.weight.numel() for table in tables)
    return {"parameters": total, "parameters_active": total - embedding, "parameters_embedding": embedding}
