"""One training run from request to record. Whatever goes wrong, its folder says how it ended."""

from pathlib import Path
from typing import Any

from trainer.measure import building, checkpoint, failures, files, loop, record, resume
from trainer.measure import data as datas
from trainer.measure import ranks as processes
from trainer.measure.errors import RunFailed, Stopped, TrainerError, UsageError
from trainer.measure.request import Request
from trainer.measure.run import Run
from trainer.measure.stopping import Stopping
from trainer.recipe import Recipe


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
        run = loop.begin(request, ranks)
        loop.train(run, stopping)
        return loop.finish(run)
    except UsageError as error:
        raise UsageError("" if ranks.first_to_fail(str(error)) else str(error)) from None
    except Stopped as stop:
        if ranks.first:
            files.write_json(request.out / "train.json", record.of_run(run, "stopped", str(stop), None))
        raise Stopped(str(stop) if ranks.first else "") from None
    except Exception as error:
        if run is None and stopping.asked and ranks.size == 1:  # what it waited for got the signal, too; of several, one failed
            reason = "stopped by SIGTERM before the first step; the same command begins again"
            files.write_json(request.out / "train.json", record.of_unbuilt(request, "stopped", reason))
            raise Stopped(reason) from None
        _failed(request, ranks, run, error)
        raise
    finally:
        if run:
            run.batches.close()


def _failed(request: Request, ranks: processes.Ranks, run: Run | None, error: Exception) -> None:
    """Write train.json, and raise what says it better than `error` does: one line, from one rank."""
    lost = failures.lost_rank(error) if ranks.size > 1 else None
    memory = failures.out_of_memory(error, lambda: run.recipe if run else _recipe(request), ranks.size)
    reason = lost or memory or (str(error) if isinstance(error, RunFailed) else f"{type(error).__name__}: {error}")
    said = ranks.first_to_fail(reason)
    if ranks.first:
        reason = said or reason
        files.write_json(request.out / "train.json", record.of_failed(run, request, reason))
    if said:
        raise TrainerError("") from None
    if memory:
        raise RunFailed(memory) from None
    if lost:
        raise TrainerError(lost) from None


def _recipe(request: Request) -> Recipe:
    """Of a run that was never built."""
    return building.recipe(request.recipe, depth=request.depth, vocab=datas.open_folder(request.data).vocab)


def _refusal(out: Path) -> str | None:
    """Why no run may write into this folder: it holds one that is done, or one that left nothing to go on from."""
    held = [name for name in ("train.json", "metrics.jsonl", checkpoint.NAME) if (out / name).exists()]
    unfinished = (out / resume.NAME).exists() and not files.says(out / "train.json", status="succeeded")
    unbegun = held == ["train.json"] and files.says(out / "train.json", status="stopped")
    if not held or unfinished or unbegun:
        return None
    return f"--out {out} holds a run already ({held[0]}); choose another folder"
