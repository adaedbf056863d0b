"""The keeper: one process per run, in its own session. It inherits the flocks of its devices and of its run's folder,
trains, ends the training group, has the result evaluated, and writes outcome.json beside and renames it.

`python -m org.runs.keeper RUN_DIR`. If it is killed, the locks fall; the supervisor then ends the training group
that is named in train.pid and whatever else carries the run's mark, and calls the run lost.
"""

import itertools
import json
import math
import os
import re
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from org.runs import cards, children, processes
from org.runs.children import Stem
from org.runs.spec import End, Outcome, Spec, read_spec, write_outcome
from org.store import atomic

POLL_SECONDS = 0.1
CPU_SAMPLE_SECONDS = 2.0
TAIL_BYTES = 8000
LAUNCHER = "torch/distributed/elastic/"  # torchrun's log names this file; what follows is its own traceback
GANG_ERROR = re.compile(r"\[rank\d+\]: [\w.]*(Error|Exception)\b")  # the others then only miss the one that failed first


@dataclass(slots=True)
class Stage:
    """How training or evaluation ended. exit is None when it was ended by us for `why`."""

    exit: int | None
    why: End | None
    seconds: float
    cpu_seconds: float
    told: dict[str, Any] = field(default_factory=dict)  # of its cards, see cards.Watch


def serve(folder: str, stem: Stem | None = None) -> None:
    """Be the keeper of the run in this folder. stem: a child that can become its training process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir("/")
    processes.adopt_orphans()
    main(Path(folder), stem)


def main(folder: Path, stem: Stem | None = None) -> None:
    """Keep one run; always leaves an outcome unless killed."""
    spec = read_spec(folder)
    started = time.monotonic()
    try:
        outcome = keep(folder, spec, stem)
    except Exception as error:  # a broken keeper is a failed run with a reason, not a silence
        outcome = Outcome(spec.run, End.FAILED, f"the keeper failed: {type(error).__name__}: {error}")
    write_outcome(folder, replace(outcome, total_seconds=time.monotonic() - started))


def keep(folder: Path, spec: Spec, stem: Stem | None = None) -> Outcome:
    """Train, then score: in a process that is started when training is gone, whatever that was born from."""
    train = _run(folder, spec, spec.train, "train", spec.timeout_seconds, stem)
    record = _optional_json(folder / "train.json") | train.told
    so_far = Outcome(
        spec.run, End.FAILED, train_seconds=train.seconds, train_exit=train.exit, cpu_seconds=train.cpu_seconds, record=record
    )
    if train.why is not None:
        return replace(so_far, end=train.why, reason=_why(train.why, spec.timeout_seconds, " (task.timeout_min)"))
    if train.exit != 0:
        reason = str(record.get("reason") or _tail(folder / "train.log") or f"exit status {train.exit}")
        return replace(so_far, reason=reason)
    if spec.evaluate is None:
        return _self_reported(folder, spec, so_far)
    return _evaluated(folder, spec, spec.evaluate, so_far)


def _evaluated(folder: Path, spec: Spec, command: list[str], so_far: Outcome) -> Outcome:
    score = _run(folder, spec, command, "evaluate", spec.evaluate_timeout_seconds)
    so_far = replace(so_far, evaluate_seconds=score.seconds)
    if score.why is not None:
        return replace(so_far, end=score.why, reason="evaluation: " + _why(score.why, spec.evaluate_timeout_seconds))
    if score.exit != 0:
        return replace(so_far, reason="evaluation: " + _tail(folder / "evaluate.log"))
    try:
        result = json.loads((folder / "evaluate.out").read_text(encoding="utf-8").strip().splitlines()[-1])
        if not isinstance(result, dict):
            raise TypeError(f"it is a {type(result).__name__}")
        value = float(result["value"]) if result.get("value") is not None else math.nan
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        return replace(so_far, reason=f"evaluation printed no JSON line with a value ({error})")
    so_far = replace(so_far, result=result)
    if result.get("valid") is False:
        return replace(so_far, end=End.INVALID, reason=str(result.get("reason") or "the scorer refused it"))
    return _valued(so_far, value)


def _self_reported(folder: Path, spec: Spec, so_far: Outcome) -> Outcome:
    text = (folder / "train.log").read_text(encoding="utf-8", errors="replace")
    found = re.findall(spec.pattern or "", text)
    if not found:
        return replace(so_far, reason=f"nothing in its output matches {spec.pattern!r}")
    last = found[-1] if isinstance(found[-1], str) else found[-1][0]
    try:
        return replace(_valued(so_far, float(last)), self_reported=True)
    except ValueError:
        return replace(so_far, reason=f"{last!r} is not a number")


def _valued(so_far: Outcome, value: float) -> Outcome:
    if not math.isfinite(value):
        return replace(so_far, reason=f"the metric is {value}")
    return replace(so_far, end=End.SUCCEEDED, metric=value)


def _run(folder: Path, spec: Spec, command: list[str], stage: str, timeout: float, stem: Stem | None = None) -> Stage:
    """Run one stage in a process group of its own; it and all that it started are gone when this returns."""
    environment = spec.environment | (spec.scoring if stage == "evaluate" else {}) | processes.mark(folder)
    with ExitStack() as files:
        log = files.enter_context((folder / f"{stage}.log").open("wb"))
        out = files.enter_context((folder / "evaluate.out").open("wb")) if stage == "evaluate" else log
        child = children.start(command, spec.snapshot, environment, out, log, stem)
        identity = processes.identify(child.pid)
        if identity is not None:
            processes.remember(folder / "train.pid", identity)
        try:
            return _watch(folder, child, timeout, cards.Watch(spec.device))
        finally:
            processes.end_group(child.pid, grace_seconds=2.0)
            child.wait()
            processes.end_descendants(folder, grace_seconds=2.0)


def _watch(folder: Path, child: children.Child, timeout: float, watch: cards.Watch) -> Stage:
    started = time.monotonic()
    cpu, next_sample = 0.0, 0.0
    while True:
        seconds = time.monotonic() - started
        if seconds >= next_sample:
            cpu, next_sample = max(cpu, processes.descendants_cpu_seconds()), seconds + CPU_SAMPLE_SECONDS
        watch.look(processes.descendants)
        status = child.poll()
        if status is not None:
            return Stage(status, None, seconds, cpu, watch.told())
        if (folder / "cancel").exists():
            return Stage(None, End.CANCELLED, seconds, cpu)
        if seconds > timeout:
            return Stage(None, End.TIMED_OUT, seconds, cpu)
        time.sleep(POLL_SECONDS)


def _why(end: End, seconds: float, key: str = "") -> str:
    if end is End.TIMED_OUT:
        return f"still running after {seconds / 60:.3g} min{key}; it was ended"
    return "cancelled"


def _optional_json(path: Path) -> dict[str, Any]:
    return atomic.read_json(path) if path.exists() else {}


def _tail(path: Path) -> str:
    """What a log ends with: its last line with words; of several processes, the error that came first."""
    if not path.exists():
        return "it left no output"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = list(itertools.takewhile(lambda line: LAUNCHER not in line, lines)) or lines
    first = next((line for line in said if GANG_ERROR.match(line)), None)
    return (first or said[-1])[:300] if said else "it left no output"


if __name__ == "__main__":
    serve(sys.argv[1])
