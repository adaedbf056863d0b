"""Verdicts per device-hour: the shipped lab on a fresh clone for ten minutes, offline chief and juniors, real training."""

import os
import subprocess
import time
from pathlib import Path

from benchmarks import lab as labs
from org import bootstrap
from org.store import reads

MINUTES = 10.0


def measure(folder: Path) -> dict[str, float]:
    root = labs.clone(folder)
    org = [*bootstrap.org_command(), "--config", str(root / "config.yaml")]
    started = time.monotonic()
    subprocess.run([*org, "start", "--detach"], check=True, cwd=root, capture_output=True)
    up = time.monotonic() - started
    lab = bootstrap.opened(bootstrap.place(str(root / "config.yaml"), os.environ, root))
    first = None
    while time.monotonic() - started < MINUTES * 60:
        if first is None and reads.verdict_count(lab.ledger.reader):
            first = time.monotonic() - started
        time.sleep(1.0)
    totals = reads.totals(lab.ledger.reader)
    subprocess.run([*org, "stop"], check=True, cwd=root, capture_output=True)
    return {
        "grid_up_seconds": round(up, 1),
        "first_verdict_seconds": round(first or float("nan"), 1),
        "verdicts": totals.verdicts,
        "runs": totals.runs,
        "verdicts_per_device_hour": round(totals.verdicts / max(totals.device_seconds, 1.0) * 3600, 1),
    }
