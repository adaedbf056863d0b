"""A letter in an idle agent's mailbox, to the prompt that its program shows for it: real programs on a scripted model
server, one lab a backend, and whether any was lost or came twice. Needs claude and codex (`ORG_TEST_CLIS`, or PATH);
what is missing is left out and named.
"""

import os
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import lab as labs

TESTS = labs.ROOT / "tests"
sys.path[:0] = [str(TESTS / "rehearsal"), str(TESTS / "whole")]

import night  # noqa: E402
from grid_lab import GridLab  # noqa: E402
from models import ModelServer, Turn, say, shell  # noqa: E402
from persona import Persona  # noqa: E402

from org.model.agent import State  # noqa: E402
from org.store.tables import AGENTS, MESSAGES, NUDGES  # noqa: E402

BACKENDS = ("claude", "codex")  # our own agent on the SDKs reads its mailbox itself
LETTERS = 50
AGENT = "junior-1"
PATIENCE_SECONDS = 60.0


class Reader(Persona):
    """Reads its letters and waits for the next."""

    def _turns(self, name: str, prompt: str) -> list[Turn]:
        return [shell("org inbox"), say("Read.")]


def measure(folder: Path) -> dict[str, Any]:
    programs = os.environ.get("ORG_TEST_CLIS")
    path = f"{programs}/node_modules/.bin:{os.environ['PATH']}" if programs else None
    found: dict[str, Any] = {}
    for backend in BACKENDS:
        if shutil.which(backend, path=path) is None:
            found[backend] = "not installed"
            continue
        (folder / backend).mkdir()
        found[backend] = _of(folder / backend, backend)
    return found


def _of(folder: Path, backend: str) -> dict[str, Any]:
    reader = Reader()
    with ModelServer(reader, keep_bodies=False) as server:
        lab = night.make(folder, server, (backend,), 1.0)
        night.begin(lab, (backend,))
        try:
            return _letters(lab, reader)
        finally:
            lab.close()


def _letters(lab: GridLab, reader: Reader) -> dict[str, Any]:
    draw = random.Random(0)
    _until_idle(lab)
    before = {n.id for n in NUDGES.select(lab.lab().ledger.reader)}
    for number in range(LETTERS):
        _until_idle(lab)
        time.sleep(draw.uniform(0.0, 1.0))
        lab.org("send", AGENT, f"Letter {number}.")
    _until_idle(lab)
    con = lab.lab().ledger.reader
    nudges = [n for n in NUDGES.select(con) if n.agent == AGENT and n.id not in before]
    seconds = []
    for nudge in nudges:
        at = [m.delivered_at for id in nudge.messages if (m := MESSAGES.find(con, id)) and m.delivered_at]
        if nudge.state == "delivered" and nudge.settled_at and at:
            seconds.append((nudge.settled_at - min(at)).total_seconds())
    twice = sum(count > 1 for count in reader.nudges.values())
    unread = sum(m.read_at is None for m in MESSAGES.select(con) if m.to == AGENT)
    return {
        "letters": LETTERS, "nudges": dict(Counter(n.state.value for n in nudges)), "unread": unread, "seen_twice": twice,
        "p50_seconds": round(labs.percentile(seconds, 0.5), 3), "p99_seconds": round(labs.percentile(seconds, 0.99), 3),
    }  # fmt: skip


def _until_idle(lab: GridLab) -> None:
    """Until every letter was read and the agent waits again."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        con = lab.lab().ledger.reader
        unread = any(m.read_at is None for m in MESSAGES.select(con) if m.to == AGENT)
        if not unread and AGENTS.get(con, AGENT).state is State.IDLE:
            return
        time.sleep(0.2)
    raise TimeoutError(f"{AGENT} did not become idle; `{lab.root}` shows why")
