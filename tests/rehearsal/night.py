"""A night in small: a chief and eight mixed agents on a scripted model server, real programs in real panes, a real lab on
a quick task. `python tests/rehearsal/night.py --minutes 30` prints what a night would show; needs the programs of
`ORG_TEST_CLIS` (a folder with node_modules/.bin) or of PATH.

In the middle the supervisor is killed and started again; in the last part every model call gets 429.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "whole")]

from grid_lab import GridLab  # noqa: E402
from laboratory import git, repository  # noqa: E402
from models import ModelServer  # noqa: E402
from persona import Persona  # noqa: E402

from org.model.message import Kind  # noqa: E402
from org.store.tables import AGENTS, MESSAGES, NUDGES, RUNS  # noqa: E402

BRIEF = """---
title: A better fit
question: Which step size and decay fit best?
stop: {discards: 1000}
---
A regression by gradient descent.
"""
MIX = ("claude", "claude", "claude", "codex", "codex", "codex", "api", "api")


def agents(server: ModelServer, mix: tuple[str, ...]) -> str:
    """The config's lines of the agents: a chief on the first backend, a junior on each."""
    where = {
        "claude": f"base_url: '{server.url}', key_env: STUB_KEY",
        "codex": f"base_url: '{server.openai_url}', key_env: STUB_KEY, model: stub-model",
        "api": f"provider: anthropic, base_url: '{server.url}', key_env: STUB_KEY, model: stub-model",
    }
    lines = [f"  - {{role: chief_scientist, backend: {mix[0]}, {where[mix[0]]}}}"]
    return "\n".join([*lines, *(f"  - {{role: junior, backend: {b}, {where[b]}}}" for b in mix)]) + "\n"


def make(folder: Path, server: ModelServer, mix: tuple[str, ...], seconds_a_run: float) -> GridLab:
    """The lab, not started yet."""

    def configure(text: str) -> str:
        head, _, tail = text.partition("agents:\n")
        rest = tail[tail.index("devices:") :]
        return f"{head}agents:\n{agents(server, mix)}{rest}limits: {{min_free_gb: 0, when_parked: offline}}\n".replace(
            "limits: {min_free_gb: 0}\n", "", 1
        ).replace("structure: solo", "structure: chief")

    root = repository(folder / "repository", "fit", configure)
    recipe = root / "fit" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("pause: 0.0", f"pause: {seconds_a_run / 100}"))
    git(root, "commit", "-qam", "runs that take a moment")
    (root / "brief.md").write_text(BRIEF)
    shutil.copytree(HERE.parents[1] / "roles", root / "roles")
    shutil.copytree(HERE.parents[1] / "prompts", root / "prompts")
    (root / "prompts" / "programs" / "a-better-fit.md").write_text(BRIEF)
    home = folder / "home"
    home.mkdir()
    programs = os.environ.get("ORG_TEST_CLIS")
    path = f"{programs}/node_modules/.bin:{os.environ['PATH']}" if programs else os.environ["PATH"]
    environment = {
        "PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color", "STUB_KEY": "sk-stub-0123456789abcdefghij",
        "ORG_DEVICE_LOCKS": str(folder / "locks"), "IS_SANDBOX": "1", "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip
    return GridLab(root, environment)


def begin(lab: GridLab, mix: tuple[str, ...]) -> None:
    """Start, open the program, put everybody on it."""
    lab.start()
    lab.org("program", "new", str(lab.root / "brief.md"))
    lab.org("program", "assign", "brief", *[f"junior-{i + 1}" for i in range(len(mix))][:1], check=False)
    for i in range(len(mix)):
        lab.org("program", "assign", "brief", f"junior-{i + 1}")


def line(lab: GridLab, started: float) -> str:
    con = lab.lab().ledger.reader
    states = Counter(f"{a.state.value}{f' ({a.cause.value})' if a.cause else ''}" for a in AGENTS.select(con))
    told = Counter(n.state.value for n in NUDGES.select(con))
    now = lab.json("status")["totals"]
    words = ", ".join(f"{count} {state}" for state, count in states.items())
    nudged = ", ".join(f"{count} {state}" for state, count in told.items())
    return (
        f"{(time.monotonic() - started) / 60:5.1f} min · {now['proposed']} proposed · {now['verdicts']} verdicts · "
        f"{now['runs']} runs · {words} · nudges: {nudged}"
    )


def summary(lab: GridLab, persona: Persona, limited_from: datetime | None) -> dict[str, Any]:
    """What is judged."""
    con = lab.lab().ledger.reader
    now = datetime.now(UTC)
    verdicts = [m for m in MESSAGES.select(con) if m.kind is Kind.VERDICT and now - m.sent_at > timedelta(minutes=2)]
    if limited_from is not None:
        verdicts = [m for m in verdicts if m.sent_at < limited_from - timedelta(minutes=1)]
    nudges = NUDGES.select(con)
    waits = sorted((n.settled_at - n.created_at).total_seconds() for n in nudges if n.settled_at and n.state == "delivered")
    return {
        "agents": {a.name: f"{a.backend} {a.state.value} {a.cause.value} deaths {a.deaths}" for a in AGENTS.select(con)},
        "verdict_letters": len(verdicts),
        "verdict_letters_unread": [m.id for m in verdicts if m.read_at is None],
        "nudges": dict(Counter(n.state.value for n in nudges)),
        "nudges_seen_twice": [key for key, count in persona.nudges.items() if count > 1],
        "nudge_seconds_p50_p99": [round(waits[int(len(waits) * q)], 2) for q in (0.5, 0.99)] if waits else None,
        "busy_share": busy(con, None, limited_from),
        "busy_share_while_limited": busy(con, limited_from, None) if limited_from else None,
    }


def busy(con: Any, since: datetime | None, until: datetime | None) -> float | None:
    """Share of both devices' time in which a run was on them."""
    runs = [r for r in RUNS.select(con) if r.started_at and r.finished_at]
    since = since or min((r.started_at for r in runs if r.started_at), default=None)
    until = until or max((r.finished_at for r in runs if r.finished_at), default=None)
    if since is None or until is None or until <= since:
        return None
    spans = [(max(r.started_at, since), min(r.finished_at, until)) for r in runs if r.started_at and r.finished_at]
    used = sum(max(0.0, (end - start).total_seconds()) for start, end in spans)
    return round(used / (2 * (until - since).total_seconds()), 3)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--mix", default=",".join(MIX))
    parser.add_argument("--seconds-a-run", type=float, default=20.0)
    parser.add_argument("--keep", action="store_true", help="leave lab and folder for a look")
    args = parser.parse_args()
    mix = tuple(args.mix.split(","))
    folder = Path(tempfile.mkdtemp(prefix="org-n-"))
    persona = Persona()
    with ModelServer(persona, keep_bodies=False) as server:
        lab = make(folder, server, mix, args.seconds_a_run)
        begin(lab, mix)
        print(f"lab in {lab.root}", flush=True)
        started, killed, limited_from = time.monotonic(), False, None
        while (share := (time.monotonic() - started) / (args.minutes * 60)) < 1:
            print(line(lab, started), flush=True)
            if share > 0.4 and not killed:
                os.kill(lab.supervisor(), signal.SIGKILL)
                time.sleep(2)
                print("the supervisor was killed; " + lab.start().splitlines()[0], flush=True)
                killed = True
            if share > 0.75 and limited_from is None:
                persona.limited, limited_from = 600.0, datetime.now(UTC)
                print("from here on every call of a model gets 429", flush=True)
            time.sleep(min(20.0, max(1.0, args.minutes * 60 / 20)))
        print(json.dumps(summary(lab, persona, limited_from), indent=1), flush=True)
        if not args.keep:
            lab.close()
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
