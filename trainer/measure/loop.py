"""The training loop. It serves and counts batches, counts FLOPs and holds the clock; editable code makes a step."""

import math
import time
from contextlib import nullcontext
from typing import Any

from trainer.measure import concluding, files, machine, record, resume, saving
from trainer.measure.errors import RunFailed, Stopped
from trainer.measure.metrics import Metrics
from trainer.measure.ranks import Ranks
from trainer.measure.request import Request
from trainer.measure.run import Run
from trainer.measure.stopping import Stopping

PROGRESS_SECONDS = 2.0  # at most one printed line in this time


def begin(request: Request, ranks: Ranks) -> Run:
    """A run from nothing, or from what an unfinished one saved in its folder. Nothing is trained yet. Raises UsageError."""
    run = Run(request, ranks)
    saving.go_on(run)
    return run


def train(run: Run, stopping: Stopping) -> None:
    """Spend the budget. Raises RunFailed when the loss stops being a number, Stopped after SIGTERM."""
    metrics = Metrics(run.request.out / "metrics.jsonl", after=run.meter.steps) if run.ranks.first else None
    _say(run, record.opening(run))
    run.conduct.begin(run.ranks)
    with metrics or nullcontext():
        printed, states, before = -math.inf, saving.Saving(run), time.process_time()
        run.meter.start()
        while run.meter.left:
            row = _one_step(run)
            if metrics:
                metrics.write(row)
            if not math.isfinite(run.loss):
                raise RunFailed(f"nan: the loss is {run.loss} at step {run.meter.steps}")
            run.meter.train_seconds, stop, save = run.ranks.highest((run.meter.train_seconds, stopping.asked, states.due))
            if time.perf_counter() - printed > PROGRESS_SECONDS or not run.meter.left:
                printed = time.perf_counter()
                _say(run, record.line(row))
            if (stop or save) and run.meter.left:
                states.save()
            if stop and run.meter.left:
                raise Stopped(f"stopped by SIGTERM after step {run.meter.steps}; the same command goes on from there")
        run.cpu_seconds = time.process_time() - before


def finish(run: Run) -> dict[str, Any] | None:
    """Write checkpoint.pt and train.json; the first rank returns train.json's content, the others None."""
    run.batches.close()
    run.conduct.ended()
    run.peak_memory_mb = run.ranks.highest([machine.peak_memory_mb(run.device)])[0]
    run.outside = sorted({what for seen in run.ranks.everyones(run.audit.seen) for what in seen})
    digest = saving.trained_model(run)
    concluding.conclude(run)
    run.tampering = sorted({what for found in run.ranks.everyones(run.conduct.found) for what in found})
    if not run.ranks.first:
        return None
    found = record.of_run(run, "succeeded", None, digest)
    files.write_json(run.request.out / "train.json", found)
    resume.forget(run.request.out)
    return found


def _one_step(run: Run) -> dict[str, Any]:
    """Train on the next batch; returns the line for metrics.jsonl."""
    progress = run.meter.progress
    inputs, targets = (x.to(run.device, non_blocking=True) for x in run.batches.next())
    run.last_batch = inputs, targets, progress
    with run.stopwatch, run.conduct.step(run.meter.steps, progress):
        loss = run.step(*run.last_batch)
    run.loss = float(loss)
    run.meter.finished()
    return record.of_step(run, progress)


def _say(run: Run, text: str) -> None:
    if run.ranks.first:
        print(text, flush=True)
