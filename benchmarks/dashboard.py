"""The dashboard on a large lab: first paint, the cost of following it, a key, memory. One process each size."""

import json
import subprocess
import sys
from pathlib import Path

SIZES = ((1_000, 9), (10_000, 64))  # experiments, agents
SECONDS = 20.0  # of following, with a heartbeat and a changing run twice a second


def measure(folder: Path) -> dict[str, float]:
    """first_paint_seconds: from an opened app to a drawn first frame. launch_seconds: with Python and its imports.
    cpu_share: of one core, following. key_seconds: from a key to a settled screen (the slowest of the tabs and of moves in a
    table). memory_mb: resident."""
    found: dict[str, float] = {}
    for experiments, agents in SIZES:
        made = folder / f"{experiments}-{agents}"
        command = [sys.executable, __file__, str(made), str(experiments), str(agents), str(SECONDS)]
        subprocess.run([*command, "build"], check=True)  # apart: its memory is not the dashboard's
        done = subprocess.run([*command, "follow"], check=True, capture_output=True, text=True)
        found |= {f"{name}_{experiments}": value for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
    return found


def _build(folder: Path, experiments: int, agents: int) -> None:
    import many

    many.build(folder, experiments, agents - 1)


async def _follow(folder: Path, seconds: float) -> dict[str, float]:
    """In the office's rhythm: a heartbeat each half second, every second one with an event."""
    import time
    from datetime import timedelta

    import many
    import psutil
    from settling import Visitor, eventually
    from standing import Dashboard

    from org.store import events, ledger, meta

    layout = many.layout_of(folder)
    config = many.opened(layout).config.model_dump(mode="json")
    started = time.perf_counter()
    app = Dashboard(layout.ledger, layout, _Silent(), config, lambda: many.NOW)
    async with app.run_test(size=(320, 100)) as pilot:
        visitor = Visitor(pilot)
        await eventually(visitor, lambda: app.looked)
        painted = time.perf_counter() - started
        keys = []
        for key in ("2", "down", "pagedown", "3", "4", "5", "6", "7", "8", "9", "1"):
            at = time.perf_counter()
            await visitor.press(key)
            keys.append(time.perf_counter() - at)
        book = ledger.open_existing(layout.ledger)
        cpu, at = time.process_time(), time.perf_counter()
        for beat in range(int(seconds * 2)):
            with book.transaction() as tx:
                meta.put(tx, "supervisor_seen_at", (many.NOW + timedelta(seconds=beat)).isoformat())
                if beat % 2:
                    events.append(tx, "run.noted", f"R{beat}", at=many.NOW)
            many.metrics(layout, "R1", min(5 + 5 * beat, 400))
            await pilot._wait_for_screen(timeout=1.0)
            await _sleep(at + (beat + 1) * 0.5 - time.perf_counter())
        share = (time.process_time() - cpu) / (time.perf_counter() - at)
    memory = psutil.Process().memory_info().rss / 2**20
    return {
        "first_paint_seconds": round(painted, 3), "key_seconds": round(max(keys), 3), "cpu_share": round(share, 4),
        "memory_mb": round(memory, 1),
    }  # fmt: skip


async def _sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(max(seconds, 0.0))


class _Silent:
    """Verbs that nobody asks."""

    known: dict[str, str] = {}  # noqa: RUF012

    def say(self, *words: str) -> str:
        return "done"

    def select_pane(self, agent: str) -> list[str]:
        return []


if __name__ == "__main__":
    import asyncio

    tests = Path(__file__).resolve().parents[1] / "tests"
    sys.path[:0] = [str(tests), str(tests / "dashboard")]
    place, count, people, span, what = sys.argv[1:]
    if what == "build":
        _build(Path(place), int(count), int(people))
    else:
        print(json.dumps(asyncio.run(_follow(Path(place), float(span)))))
