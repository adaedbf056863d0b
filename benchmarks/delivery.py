"""A message, from the transaction that posts it to the file in its reader's new/, with a supervisor at its usual pace."""

import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import lab as labs
from org.model.message import Kind
from org.store import ledger, mail
from org.supervisor import loop

MESSAGES = 100


def measure(folder: Path) -> dict[str, float]:
    laboratory = labs.of_agents(folder, 9)
    stop = threading.Event()
    thread = threading.Thread(target=_supervise, args=(laboratory, stop))
    thread.start()
    mine, draw = ledger.open_existing(laboratory.lab.layout.ledger), random.Random(0)
    seconds = []
    for number in range(MESSAGES):
        time.sleep(draw.uniform(0.0, 0.3))
        started = time.perf_counter()
        with mine.transaction() as tx:
            mail.post(tx, "human", "junior-1", Kind.NOTE, "bench", "bench", datetime.now(UTC), id=f"bench-{number}")
        file = laboratory.lab.layout.mailbox("junior-1") / "new" / f"bench-{number}.md"
        while not file.exists():
            time.sleep(0.002)
        seconds.append(time.perf_counter() - started)
    stop.set()
    thread.join()
    return {"p50_seconds": round(labs.percentile(seconds, 0.5), 3), "p99_seconds": round(labs.percentile(seconds, 0.99), 3)}


def _supervise(laboratory: labs.Laboratory, stop: threading.Event) -> None:
    while not stop.is_set():
        started = time.monotonic()
        laboratory.tick()
        stop.wait(max(0.0, loop.TICK_SECONDS - (time.monotonic() - started)))
