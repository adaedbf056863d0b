"""Two trainers on one corpus: ours, by its command line, and a file like autoresearch's train.py, which finds our stand-in
for its prepare.py (against/). Each run is a process of its own with one thread, and tells its own CPU time."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AGAINST = Path(__file__).resolve().parent / "against"
KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Trained:
    """bpb: bits per byte of the validation span. seconds: of training alone, CPU time on a CPU, else wall time. start_seconds:
    the wall time of the training process that was not training. record: train.json, of ours alone."""

    bpb: float | None
    seconds: float
    tokens: int
    peak_memory_mb: float
    start_seconds: float
    record: Mapping[str, Any]

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and on what both train."""

    folder: Path
    data: Path
    device: str = "cpu"
    recipe: Path | None = None

    def ours(
        self, name: str, *, budget: str, seed: int, depth: int, score: bool = True, environ: Mapping[str, str] | None = None
    ) -> Trained:
        """Train, and score where asked. Raises RuntimeError with the last line of a run that failed."""
        run = self.folder / name
        asked = ["train", "--seed", seed, "--budget", budget, "--depth", depth, "--out", run]
        asked += ["--recipe", self.recipe] if self.recipe else []
        began = time.monotonic()
        self._trainer(asked, environ)
        wall = time.monotonic() - began
        record = json.loads((run / "train.json").read_text())
        bpb = float(json.loads(self._trainer(["evaluate", "--run", run], environ))["value"]) if score else None
        seconds = record["train_cpu_seconds"] if self.device == "cpu" else record["train_seconds"]
        start = wall - record["train_seconds"]
        return Trained(bpb, seconds, record["tokens"], record["peak_memory_mb"], start, record)

    def theirs(self, file: Path, *, seconds: float, T: int, seed: int) -> Trained:
        """The file, trained for so many seconds on rows of T tokens."""
        out = self.folder / "theirs.json"
        told = {"data": str(self.data), "out": str(out), "seconds": seconds, "T": T, "seed": seed, "device": self.device}
        path = os.pathsep.join((str(AGAINST), str(ROOT)))
        began = time.monotonic()
        _run([sys.executable, str(file)], {"BENCH": json.dumps(told), "PYTHONPATH": path})
        wall = time.monotonic() - began
        found = json.loads(out.read_text())
        spent = found["cpu_seconds"] if self.device == "cpu" else found["train_seconds"]
        start = wall - found["train_seconds"] - found["score_seconds"]
        return Trained(found["value"], spent, found["tokens"], found["peak_memory_mb"], start, {})

    def _trainer(self, arguments: Sequence[object], environ: Mapping[str, str] | None) -> str:
        where = ["--data", self.data, "--device", self.device]
        command = [sys.executable, "-m", "trainer", *(str(argument) for argument in (*arguments, *where))]
        return _run(command, {"PYTHONPATH": str(ROOT), **(environ or {})})


def prepared(folder: Path) -> Path:
    """A data folder of the standard library's sources."""
    _run([sys.executable, "-m", "trainer", "prepare", "--data", str(folder)], {"PYTHONPATH": str(ROOT)})
    return folder


def _run(command: Sequence[str], more: Mapping[str, str]) -> str:
    """One thread, nothing of the caller's environment that could matter; returns what it printed."""
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "PYTHONSAFEPATH": "1"}
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(command, env=kept | quiet | dict(more), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {done.returncode}: {said[-1]}")
    return done.stdout
