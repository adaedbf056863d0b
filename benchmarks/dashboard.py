"""The dashboard on a large lab, in a terminal of 320×100 as a person has it: first paint, every key, the cost of following,
memory. Measured from outside, by what `org dashboard` writes into its terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

SIZES = ((1_000, 9), (10_000, 64))  # experiments, agents
COLUMNS, ROWS = 320, 100
SECONDS = 20.0  # of following the overview; a quarter of it on each other tab
UP, DOWN, PAGE, RIGHT, ENTER, TAB, ESCAPE, PALETTE = "\x1b[A", "\x1b[B", "\x1b[6~", "\x1b[C", "\r", "\t", "\x1b", "\x10"
KEYS = (
    "2", DOWN, PAGE, "o", "]", "[", "/", "l", ESCAPE, ENTER, DOWN, "d", "e", ESCAPE, "3", DOWN, "4", DOWN, ENTER, ESCAPE, "5",
    RIGHT, DOWN, DOWN, DOWN, DOWN, "6", DOWN, TAB, DOWN, "7", DOWN, "r", ESCAPE, "8", DOWN, "9", UP, "1", DOWN, TAB, TAB, "?",
    ESCAPE, "w", "x", ESCAPE, "r", ESCAPE, ":", "x", ESCAPE, PALETTE, "t", "a", ESCAPE,
    *"234567891",
)  # fmt: skip
NAMES = {
    UP: "up",
    DOWN: "down",
    PAGE: "page down",
    RIGHT: "right",
    ENTER: "enter",
    TAB: "tab",
    ESCAPE: "escape",
    PALETTE: "ctrl+p",
}
REST_SECONDS = 3.0  # before the first key: a person has looked


def measure(folder: Path) -> dict[str, object]:
    """launch_seconds: from starting Python to a screen with the lab on it. first_paint_seconds: from the first byte that the
    app writes to that screen. key_seconds: from a key to the last byte of its answer, the slowest of all; key_first_seconds:
    to the first byte; key_work_seconds: of processor until the last, and dearest_key: which one that is. cpu_share: of one
    core while a heartbeat and a changing run come twice a second and an event once, on the overview; cpu_share_tab: on the
    dearest other tab. memory_mb: resident, at the end."""
    found: dict[str, object] = {}
    for experiments, agents in SIZES:
        made = folder / f"{experiments}-{agents}"
        command = [sys.executable, __file__, str(made), str(experiments), str(agents)]
        subprocess.run([*command, "build"], check=True)  # apart: its load is not the dashboard's
        done = subprocess.run([*command, "look"], check=True, capture_output=True, text=True)
        found |= {f"{name}_{experiments}": value for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
    return found


def _build(folder: Path, experiments: int, agents: int) -> None:
    import many

    many.build(folder, experiments, agents - 1)


def _look(folder: Path) -> dict[str, object]:
    import many
    import psutil
    from terminal import Terminal

    layout = many.layout_of(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}
    command = [sys.executable, "-m", "org", "dashboard"]
    root = Path(__file__).resolve().parents[1]
    with Terminal(command, root, kept | {"ORG_LAB": str(layout.comms)}, COLUMNS, ROWS) as terminal:
        seen_at = terminal.until(lambda written: "● live".encode() in written)
        terminal.settled()
        terminal.drain(REST_SECONDS)
        answers = [terminal.press(key) for key in KEYS]
        process = psutil.Process(terminal.process.pid)
        overview = _share(terminal, process, layout, SECONDS)
        others = []
        for tab in "23456789":
            terminal.press(tab)
            others.append(_share(terminal, process, layout, SECONDS / 4))
        memory = process.memory_info().rss / 2**20
    dearest = max(range(len(KEYS)), key=lambda n: answers[n].work_seconds)
    return {
        "launch_seconds": round(seen_at - terminal.started_at, 3), "first_paint_seconds": round(seen_at - terminal.opened_at, 3),
        "key_seconds": round(max(a.last_seconds for a in answers), 3),
        "key_first_seconds": round(max(a.first_seconds for a in answers), 3),
        "key_work_seconds": round(answers[dearest].work_seconds, 3), "dearest_key": _named(dearest),
        "cpu_share": round(overview, 4), "cpu_share_tab": round(max(others), 4), "memory_mb": round(memory, 1),
    }  # fmt: skip


def _named(place: int) -> str:
    """`enter on 2`: the key, and the tab that is open."""
    tab = next((key for key in reversed(KEYS[:place]) if key.isdigit()), "1")
    return f"{NAMES.get(KEYS[place], KEYS[place])} on {tab}"


def _share(terminal, process, layout, seconds: float) -> float:  # type: ignore[no-untyped-def]
    """Of one core, in the office's rhythm: a heartbeat each half second, every second one with an event."""
    import time
    from datetime import timedelta

    import many

    from org.store import events, ledger, meta

    book = ledger.open_existing(layout.ledger)
    begun, at = sum(process.cpu_times()[:2]), time.perf_counter()
    for beat in range(int(seconds * 2)):
        with book.transaction() as tx:
            meta.put(tx, "supervisor_seen_at", (many.NOW + timedelta(seconds=beat)).isoformat())
            if beat % 2:
                events.append(tx, "run.noted", f"R{beat}", at=many.NOW)
        many.metrics(layout, "R1", min(5 + 5 * beat, 400))
        terminal.drain(max(at + (beat + 1) * 0.5 - time.perf_counter(), 0.0))
    book.close()
    return (sum(process.cpu_times()[:2]) - begun) / (time.perf_counter() - at)


if __name__ == "__main__":
    here = Path(__file__).resolve()
    sys.path[:0] = [str(here.parent), str(here.parents[1] / "tests"), str(here.parents[1] / "tests" / "dashboard")]
    place, count, people, what = sys.argv[1:]
    if what == "build":
        _build(Path(place), int(count), int(people))
    else:
        print(json.dumps(_look(Path(place))))
