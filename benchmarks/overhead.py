"""Seconds of a run that are neither training nor evaluation, on the shared trainer: process starts and imports. Cold, and
forked from an image that has imported torch (org/runs/warm.py)."""

import json
import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import lab as labs
from org import bootstrap, config
from org.lab import environment, founding, pools
from org.store import meta
from org.store.tables import RUNS
from org.supervisor.office import Office

RUN_BUDGET = "5e11flop"
RUNS_EACH = 5  # the first one of the warm lab is cold


def measure(folder: Path) -> dict[str, dict[str, float]]:
    return {name: _measured(folder / name, warm) for name, warm in (("cold", "[]"), ("warm", "[torch]"))}


def _measured(folder: Path, warm: str) -> dict[str, float]:
    folder.mkdir()
    root = labs.clone(folder)
    text = re.sub(r"^  warm: .*\n", "", (root / "config.yaml").read_text(), flags=re.M).replace(
        "\n  metric:", f"\n  warm: {warm}\n  metric:"
    )
    budget = config.load(root / "config.yaml").task.ladder[0].run_budget
    (root / "config.yaml").write_text(text.replace(budget, RUN_BUDGET).replace("devices: auto", "devices: {cpu: 1}"))
    subprocess.run(["git", "-C", str(root), "checkout", "-q", "-B", "bench"], check=True)
    lab, _ = bootstrap.found(bootstrap.place(str(root / "config.yaml"), {}, root), {})
    lab = replace(lab, locks=folder / "locks")
    now = datetime.now(UTC)
    founding.found(lab, "bench", now)
    commit = meta.get(lab.ledger.reader, "root_commit")
    assert commit is not None
    environment.prepare(lab, commit, now)
    laboratory = labs.Laboratory(lab, Office(lab, say=lambda line: None))
    with lab.ledger.transaction() as tx:
        tree = lab.git.run("rev-parse", f"{commit}^{{tree}}")
        pool = pools.of_tree(lab, tx, tree, now)
        pools.queue_runs(lab, tx, pool, RUNS_EACH, now, None)
    laboratory.until(lambda: RUNS.count(lab.ledger.reader, "WHERE state = 'succeeded'") == RUNS_EACH, 300)
    lab.images.close()
    return _seconds(lab.layout.runs)


def _seconds(folder: Path) -> dict[str, float]:
    outcomes = [json.loads(path.read_text()) for path in folder.glob("*/outcome.json")]
    neither = [o["total_seconds"] - o["record"].get("train_seconds", 0.0) - o["result"].get("seconds", 0.0) for o in outcomes]
    return {
        "neither_seconds_median": round(labs.percentile(neither, 0.5), 2),
        "train_seconds_median": round(labs.percentile([o["record"]["train_seconds"] for o in outcomes], 0.5), 2),
        "evaluate_seconds_median": round(labs.percentile([o["result"]["seconds"] for o in outcomes], 0.5), 2),
    }
