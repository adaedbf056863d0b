"""`make soak`: run the lab for two hours (or --minutes N) and watch what a night would show: idle devices, the
supervisor's memory, rotation of programs, and at the end the standup. Prints one line a minute and a summary."""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil

from org import bootstrap
from org.comms.figures import plural
from org.lab.lab import Lab
from org.store import reads
from org.store.tables import EVENTS, RUNS, STANDUPS

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--config", default=str(ROOT / "config.yaml"))
    parser.add_argument("--keep", action="store_true", help="leave the lab running")
    args = parser.parse_args()
    org(args.config, "start", "--detach", "--anyway")
    time.sleep(5)  # the office opens in its own pane
    lab = bootstrap.opened(bootstrap.place(args.config, os.environ, ROOT))
    started, memory = time.monotonic(), []
    while time.monotonic() - started < args.minutes * 60:
        memory.append(supervisor_megabytes(lab))
        print(line(lab, time.monotonic() - started, memory[-1]), flush=True)
        time.sleep(min(60.0, max(1.0, args.minutes * 60 - (time.monotonic() - started))))
    before = STANDUPS.count(lab.ledger.reader, "WHERE written_at IS NOT NULL")
    org(args.config, "standup", "now")
    org(args.config, "wait", "--for", "standup", "--count", str(before + 1), "--timeout", "300")
    print(summary(lab, time.monotonic() - started, memory))
    print(org(args.config, "standup"))
    if not args.keep:
        org(args.config, "stop")
    return 0


def line(lab: Lab, seconds: float, megabytes: float) -> str:
    totals = reads.totals(lab.ledger.reader)
    running = reads.running(lab.ledger.reader)
    return (
        f"{seconds / 60:5.1f} min · {plural(totals.verdicts, 'verdict')} · {totals.merged} merged · "
        f"{plural(totals.runs, 'run')} · {len(running)}/{len(lab.devices)} devices busy · supervisor {megabytes:.0f} MB"
    )


def summary(lab: Lab, seconds: float, memory: list[float]) -> str:
    """Busy share from the runs' own times; memory as first against last quarter; programs as events tell."""
    con = lab.ledger.reader
    finished = RUNS.select(con, "WHERE started_at IS NOT NULL AND finished_at IS NOT NULL")
    first = min((r.started_at for r in finished if r.started_at), default=None)
    last = max((r.finished_at for r in finished if r.finished_at), default=None)
    busy = sum(span(r.started_at, r.finished_at) for r in finished)
    wall = span(first, last) * len(lab.devices)
    closed = EVENTS.count(con, "WHERE kind = 'program.closed'")
    quarter = max(1, len(memory) // 4)
    totals = reads.totals(con)
    return json.dumps(
        {
            "minutes": round(seconds / 60, 1),
            "verdicts": totals.verdicts,
            "merged": totals.merged,
            "runs": totals.runs,
            "failed_runs": totals.failed_runs,
            "devices_busy_share": round(busy / wall, 3) if wall else None,
            "supervisor_mb_first_quarter": round(sum(memory[:quarter]) / quarter, 1),
            "supervisor_mb_last_quarter": round(sum(memory[-quarter:]) / quarter, 1),
            "programs_closed": closed,
            "failed_steps": EVENTS.count(con, "WHERE kind = 'supervisor.step_failed'"),
        },
        indent=1,
    )


def span(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0


def supervisor_megabytes(lab: Lab) -> float:
    pid = int(lab.layout.supervisor_lock.read_text().strip() or 0)
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def org(config: str, *words: str) -> str:
    done = subprocess.run([*bootstrap.org_command(), "--config", config, *words], capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(done.stderr.strip() or f"org {' '.join(words)} ended with {done.returncode}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
