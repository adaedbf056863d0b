"""What a run leaves in words and numbers: train.json, a line of metrics.jsonl, a printed line."""

import math
import os
import time
from typing import TYPE_CHECKING, Any

import torch

from trainer import attention
from trainer.measure import digests, machine, utilization

if TYPE_CHECKING:
    from trainer.measure.loop import Run
    from trainer.measure.train import Request

READ = ("kept_fraction", "epochs", "selected_fraction", "distinct_tokens", "passes")  # of the corpus: batches.Tally


def of_run(run: "Run", status: str, reason: str | None, checkpoint_digest: str | None) -> dict[str, Any]:
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
        "tokens": meter.steps * run.batches.tokens_per_batch,
        "train_seconds": meter.train_seconds,
        "device_seconds": run.stopwatch.seconds,
        "train_cpu_seconds": run.cpu_seconds,
        "total_seconds": time.perf_counter() - run.began,
        "tok_per_sec": _tok_per_sec(run),
        **utilization.of(run.model_flops, _tok_per_sec(run) / run.ranks.size, machine.model_name(run.device)),
        **_parameters(run.model),
        "flops_per_step": run.flops_per_step,
        "flops": meter.steps * run.flops_per_step,
        "peak_memory_mb": run.peak_memory_mb or machine.peak_memory_mb(run.device),
        **{name: getattr(tally, name) for name in READ},
        "outside": run.outside or run.audit.seen,
        "tampering": run.tampering or run.conduct.found,
        "checkpoint_digest": checkpoint_digest,
    }


def of_unbuilt(request: "Request", status: str, reason: str) -> dict[str, Any]:
    """train.json of a run whose model could not even be built."""
    asked = {"seed": request.seed, "budget": request.budget.text, "depth": request.depth}
    return {"schema": 1, "status": status, "reason": reason, **asked, "code_digest": digests.of_code()}


def of_step(run: "Run", progress: float) -> dict[str, Any]:
    """One line of metrics.jsonl, after a step that began at `progress`."""
    meter = run.meter
    return {
        "step": meter.steps,
        "steps": meter.steps_planned,
        "loss": _finite(run.loss),
        "lr_multiplier": run.step.lr_multiplier(progress),
        "train_seconds": round(meter.train_seconds, 4),
        "tokens": meter.steps * run.batches.tokens_per_batch,
        "flops": meter.steps * run.flops_per_step,
        "tok_per_sec": round(_tok_per_sec(run), 1),
        "peak_memory_mb": round(machine.peak_memory_mb(run.device), 1),
    }


def opening(run: "Run") -> str:
    """The first printed line: what computes, and how much of it."""
    T = run.recipe.sequence_length
    where = f"{run.ranks.size} × {run.device.type}" if run.ranks.size > 1 else str(run.device)
    how = f"attention {attention.backend(run.device.type, T)}, loss {run.loss_mode}"
    steps = f"{run.meter.steps_planned} steps of " if run.meter.steps_planned else ""
    after = f", going on after step {run.meter.steps}" if run.meter.steps else ""
    return f"{where}, {str(run.dtype).removeprefix('torch.')}, {how}, {steps}{run.batches.tokens_per_batch:,} tokens{after}"


def line(row: dict[str, Any]) -> str:
    """A row of metrics.jsonl for people."""
    of = f"/{row['steps']}" if row["steps"] else ""
    loss = "nan" if row["loss"] is None else f"{row['loss']:.4f}"
    rate = f"lr ×{row['lr_multiplier']:.3f}  {row['train_seconds']:.1f} s  {row['tok_per_sec']:,.0f} tok/s"
    return f"step {row['step']}{of}  loss {loss}  {rate}  {row['peak_memory_mb']:.0f} MB"


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None


def _tok_per_sec(run: "Run") -> float:
    meter = run.meter
    return meter.steps * run.batches.tokens_per_batch / meter.train_seconds if meter.train_seconds else 0.0


def _parameters(model: torch.nn.Module) -> dict[str, int]:
    """Counts; `active` leaves out the embedding tables, of which a token reads one row each."""
    total = sum(parameter.numel() for parameter in model.parameters())
    tables = [module for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    embedding = sum(table.weight.numel() for table in tables)
    return {"parameters": total, "parameters_active": total - embedding, "parameters_embedding": embedding}
