"""`make bench-trainer`: how fast the shared trainer learns, beside another one where a file is given (`--against FILE`).

On a CPU: tokens a second of one core, and bits per validation byte at 30 and 60 CPU-seconds of training. The two take
turns, seed by seed, and the other gets the CPU-seconds that ours took: whatever else the machine does slows both.
On CUDA (`--device cuda`): utilization, attention and memory at depths 8 and 12, what a start costs with a cold and a warm
cache of kernels, and bits per byte at 300 seconds. Without a GPU it says so and ends.

One JSON object a line; progress on standard error.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import Bench, Trained, prepared

CALIBRATION_STEPS = 30
GPU_DEPTHS = (8, 12)
GPU_STEPS = 20  # of a run that is there for its start
GPU_SECONDS = 60.0  # of a run that is there for its speed
CPU, CUDA = {"depth": 2, "seconds": [30.0, 60.0]}, {"depth": 8, "seconds": [300.0]}


def main(arguments: Sequence[str]) -> int:
    """Measure, and print."""
    given = parsed(arguments)
    if given.device != "cpu" and (missing := no_gpu()):
        print(json.dumps({"skipped": missing}))
        return 0
    with tempfile.TemporaryDirectory(prefix="org-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        bench = Bench(folder, given.data or prepared(folder / "data"), given.device, given.recipe)
        for line in on_cpu(bench, given) if given.device == "cpu" else on_cuda(bench, given):
            print(json.dumps(line), flush=True)
    return 0


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line, with what the device leaves to be said."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trainer", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--against", type=Path, help="a trainer in one file, with autoresearch's `from prepare import …`")
    parser.add_argument("--rows", type=int, help="tokens a row of that trainer (its MAX_SEQ_LEN); default: our recipe's")
    parser.add_argument("--device", default="cpu", help="cpu | cuda | cuda:i")
    parser.add_argument("--seconds", type=float, nargs="+", help="of training; default: 30 60, on CUDA 300")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--depth", type=int, help="default: 2, on CUDA 8")
    parser.add_argument("--recipe", type=Path, help="YAML laid over trainer/recipe.yaml")
    parser.add_argument("--data", type=Path, help="a prepared folder; default: the standard library, prepared anew")
    given = parser.parse_args(arguments)
    for name, value in (CPU if given.device == "cpu" else CUDA).items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def no_gpu() -> str | None:
    """Why nothing can be measured on CUDA here; None where it can."""
    import torch

    return None if torch.cuda.is_available() else "this machine has no CUDA device; without --device, a CPU is measured"


def on_cpu(bench: Bench, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A line a run, and one a budget that compares."""
    first = bench.ours("calibration", budget=f"{CALIBRATION_STEPS}step", seed=1, depth=given.depth, score=False)
    a_step, T = first.seconds / CALIBRATION_STEPS, given.rows or first.record["recipe"]["sequence_length"]
    for seconds in given.seconds:
        pairs: list[tuple[Trained, Trained | None]] = []
        for seed in range(1, given.seeds + 1):
            steps = max(round(seconds / a_step), 1)
            ours = bench.ours(f"{seconds:g}s-{seed}", budget=f"{steps}step", seed=seed, depth=given.depth)
            yield {"trainer": "ours", "seed": seed, "steps": steps} | told(ours)
            theirs = bench.theirs(given.against, seconds=ours.seconds, T=T, seed=seed) if given.against else None
            if theirs:
                yield {"trainer": given.against.name, "seed": seed} | told(theirs)
            pairs.append((ours, theirs))
            a_step = ours.seconds / steps  # as the machine is now
        yield {"cpu_seconds": seconds} | compared(pairs)


def on_cuda(bench: Bench, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Starts and speed at each depth, then scores at the budget."""
    for depth in GPU_DEPTHS:
        cache = {
            "TORCHINDUCTOR_CACHE_DIR": str(bench.folder / f"inductor{depth}"),
            "TRITON_CACHE_DIR": str(bench.folder / f"triton{depth}"),
        }
        starts = {
            f"start_seconds_{kind}": round(
                bench.ours(
                    f"{kind}{depth}", budget=f"{GPU_STEPS}step", seed=1, depth=depth, score=False, environ=cache
                ).start_seconds,
                1,
            )
            for kind in ("cold", "warm")
        }
        fast = bench.ours(f"fast{depth}", budget=f"{GPU_SECONDS}s", seed=1, depth=depth, score=False, environ=cache)
        yield {"depth": depth} | starts | on_gpu(fast)
    for seconds in given.seconds:
        pairs: list[tuple[Trained, Trained | None]] = []
        for seed in range(1, given.seeds + 1):
            ours = bench.ours(f"{seconds:g}s-{seed}", budget=f"{seconds:g}s", seed=seed, depth=given.depth)
            yield {"trainer": "ours", "seed": seed, "depth": given.depth} | told(ours) | on_gpu(ours)
            T = given.rows or ours.record["recipe"]["sequence_length"]
            theirs = bench.theirs(given.against, seconds=seconds, T=T, seed=seed) if given.against else None
            if theirs:
                yield {"trainer": given.against.name, "seed": seed} | told(theirs)
            pairs.append((ours, theirs))
        yield {"seconds": seconds} | compared(pairs)


def told(run: Trained) -> dict[str, Any]:
    """A run in numbers."""
    return {
        "val_bpb": run.bpb and round(run.bpb, 4),
        "seconds": round(run.seconds, 2),
        "tokens": run.tokens,
        "tok_per_sec": round(run.rate),
        "peak_memory_mb": round(run.peak_memory_mb),
        "start_seconds": round(run.start_seconds, 1),
    }


def on_gpu(run: Trained) -> dict[str, Any]:
    """What only a GPU's record holds."""
    names = ("device_model", "attention", "loss_mode", "mfu", "mfu_windows", "mfu_causal", "tok_per_sec", "peak_memory_mb")
    return {name: run.record[name] for name in names}


def compared(pairs: Sequence[tuple[Trained, Trained | None]]) -> dict[str, Any]:
    """Means over seeds; `better` is the share of the other's bits per byte that ours needs less, `faster` the ratio of tokens."""
    ours = [pair[0] for pair in pairs]
    found: dict[str, Any] = {
        "val_bpb": round(statistics.fmean(run.bpb or 0.0 for run in ours), 4),
        "tok_per_sec": round(statistics.fmean(run.rate for run in ours)),
    }
    theirs = [pair[1] for pair in pairs if pair[1]]
    if theirs:
        bpb = statistics.fmean(run.bpb or 0.0 for run in theirs)
        found["against_val_bpb"] = round(bpb, 4)
        found["better"] = round(1 - statistics.fmean(run.bpb or 0.0 for run in ours) / bpb, 4)
        found["faster"] = round(statistics.fmean(o.rate / t.rate for o, t in pairs if t), 2)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
