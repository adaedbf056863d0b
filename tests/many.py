"""Ledgers of labs that have lived: 0, 10, 700 or 10,000 decided experiments, written in seconds through org.store.

    layout = many.build(tmp_path, experiments=700, juniors=8)      # a lab's folder with ledger.db, lab.json and files
    lab = many.opened(layout)                                      # … as `org` opens it

Nothing is run: rows are inserted as they would be after the fact, in one transaction, with a timetable of eight devices,
verdicts whose numbers fit their runs, labels, certificates, a compute curve, fresh seeds of head and root, idle time with its
causes, calls of models, mail, questions, standups, and the events of all that in the order of their times. What a test sees
follows from its arguments and from NOW alone. 10,000 experiments take about ten seconds: share one (a session's fixture, or
`copied`), for a ledger is one file. There is no repository behind it: commits and trees are made up, so whatever asks git
needs a lab of tests/laboratory.py or tests/played.py instead.
"""

import functools
import json
import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from many_story import CHANGES, PROGRAMS_OF, make_experiment, run_fresh_seeds
from many_world import DEVICES, FLOPS, NOW, SIGMA, World, layout_of, make_pool, metrics

from org import bootstrap, config
from org.lab.lab import Lab
from org.model import run as run_model
from org.model.agent import Agent, Control
from org.model.agent import Cause as AgentCause
from org.model.agent import State as AgentState
from org.model.experiment import Claim, Experiment
from org.model.experiment import State as S
from org.model.idea import Idea
from org.model.message import Kind as MessageKind
from org.model.message import Message, Question
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.run import Purpose, Run
from org.model.standup import Section, Standup
from org.store import atomic, events, ledger, meta, rows
from org.store.layout import Layout
from org.store.tables import (
    AGENTS,
    EXPERIMENTS,
    IDEAS,
    MESSAGES,
    PROGRAMS,
    QUESTIONS,
    RUNS,
    SECTIONS,
    STANDUPS,
)

__all__ = ["CHANGES", "DEVICES", "FLOPS", "NOW", "PROGRAMS_OF", "SIGMA", "build", "copied", "layout_of", "metrics", "opened"]

TIMES = {
    "programs": ("created_at", "opened_at"), "ideas": ("created_at",), "pools": ("created_at",), "verdicts": ("at",),
    "runs": ("queued_at", "started_at", "finished_at"), "experiments": ("created_at", "decided_at"), "usage": ("at",),
    "merges": ("intended_at", "done_at"), "studies": ("asked_at", "done_at"), "idle": ("since", "until"),
    "messages": ("sent_at", "delivered_at", "read_at"),
}  # fmt: skip
CONFIG: dict[str, Any] = {
    "lab": "main", "devices": [f"cuda:{n}" for n in range(DEVICES)], "device_dollars_per_hour": 2.5,
    "task": {
        "command": "{python} -m trainer train --seed {seed} --budget {budget} --out {run}",
        "evaluate": "{python} -m trainer evaluate --run {run}", "metric": "val_bpb", "editable": ["trainer/recipe.yaml"],
        "ladder": [{"depth": 8, "run_budget": "2e15flop"}, {"depth": 12, "run_budget": "8e15flop"}],
    },
}  # fmt: skip


def build(folder: Path, experiments: int = 10, juniors: int = 3, seed: int = 7) -> Layout:
    """A lab with a chief and juniors, `experiments` decided experiments, and those that are under way. With 0 experiments
    nobody has opened a program yet."""
    layout = layout_of(folder)
    begun = NOW - timedelta(hours=1)
    names = tuple(f"junior-{n}" for n in range(1, juniors + 1))
    book = ledger.create(layout.ledger)
    with book.transaction() as con:
        w = World(layout, con, random.Random(seed), begun, begun, names, {f"cuda:{n}": begun for n in range(DEVICES)})
        _facts(w)
        _agents(w)
        if experiments:
            _programs(w)
        for number in range(experiments):
            make_experiment(w, number)
        if experiments:
            run_fresh_seeds(w)
            _until_now(w)
            _under_way(w)
            _words(w)
        for at, kind, subject, actor, detail in sorted(w.said, key=lambda s: s[0]):
            events.append(con, kind, subject, actor, at, **detail)
    book.close()
    return layout


@functools.cache
def _kept(folder: str, experiments: int, juniors: int) -> Path:
    return build(Path(folder), experiments, juniors).comms


def copied(cache: Path, folder: Path, experiments: int, juniors: int = 8) -> Layout:
    """As `build`, but made once in `cache` (a session's folder) and copied from there."""
    made = _kept(str(cache / f"{experiments}-{juniors}"), experiments, juniors)
    layout = layout_of(folder)
    shutil.copytree(made, layout.comms)
    _lab_file(layout)
    return layout


def opened(layout: Layout) -> Lab:
    """As every verb opens it."""
    return bootstrap.opened(bootstrap.place(str(layout.comms), {}, layout.root))


def _lab_file(layout: Layout) -> None:
    said = {"root": str(layout.root), "worktrees": str(layout.worktrees), "config": str(layout.root / "config.yaml")}
    atomic.write_json(layout.lab_file, said | {"lab": "main"})


def _facts(w: World) -> None:
    agents = [{"role": "chief_scientist", "backend": "claude"}, {"role": "junior", "backend": "codex", "count": len(w.names)}]
    made = config.Config.model_validate(CONFIG | {"agents": agents})
    models = json.dumps(dict.fromkeys(w.free, "H100 SXM"))
    facts = {"lab": "main", "device_models": models, "config": made.model_dump_json(), "organization": "0f1e2d3c4b5a",
             "environment": "5eed", "supervisor_seen_at": (NOW - timedelta(seconds=1)).isoformat(), 
             "seed_key": "a test"}  # fmt: skip
    for key, value in facts.items():
        meta.put(w.con, key, value)  # type: ignore[arg-type]
    w.layout.root.mkdir(parents=True, exist_ok=True)
    _lab_file(w.layout)
    w.say(w.begun, "lab.started", "main", "human")


def _agents(w: World) -> None:
    for number, name in enumerate(("chief", *w.names)):
        chief = name == "chief"
        last = number == len(w.names) and number > 1
        state = AgentState.WAITING if last or number % 7 == 5 else AgentState.WORKING if number % 4 else AgentState.IDLE
        AGENTS.insert(
            w.con,
            Agent(
                name, "chief_scientist" if chief else "junior", ("claude", "codex")[number % 2], state,
                Control.HUMAN if last else Control.AGENT, NOW - timedelta(minutes=3 + number), NOW - timedelta(minutes=12),
                program=None if chief else PROGRAMS_OF[number % 3][0], device=None if chief else f"cuda:{(number - 1) % DEVICES}",
                controlled_by="ada" if last else None, control_note="trying something by hand" if last else "",
                last_words="Optimizer pays best per device-hour." if chief else f"Two runs of {CHANGES[number % 17]} in.",
                cause=AgentCause.RATE_LIMIT if state is AgentState.WAITING and not last else AgentCause.NONE,
                until=NOW + timedelta(minutes=20) if state is AgentState.WAITING and not last else None,
                context=(0.07 * number) % 0.9, heard_at=NOW - timedelta(seconds=4 * number),
            ),
        )  # fmt: skip
        w.say(w.begun, "agent.starting", name)


def _programs(w: World) -> None:
    for slug, question, level in PROGRAMS_OF:
        at = w.begun + timedelta(seconds=30)
        commit = w.hex()
        PROGRAMS.insert(w.con, Program(
            slug, slug.replace("-", " ").capitalize(), ProgramState.OPEN, question, "improve", 0.0, "time",
            ("trainer/recipe.yaml",), {}, {"device_hours": 400.0}, {"verdicts": 4000.0}, "Find out.", "chief", at,
            root_commit=commit, head_commit=commit, opened_at=at,
        ))  # fmt: skip
        w.say(at, "program.open", slug, "chief")
        pool = make_pool(w, slug, w.hex(), level, at)
        w.heads[slug], w.roots[slug] = (pool, commit, level), (pool, level)
    for number in range(12):
        IDEAS.insert(w.con, Idea(number + 1, f"What of {CHANGES[-number]}?", w.names[number % len(w.names)], w.begun))


def _until_now(w: World) -> None:
    """Move everything so that the last run ended four minutes ago."""
    by = NOW - timedelta(minutes=4) - max(w.free.values())
    for table, columns in TIMES.items():
        moved = ", ".join(
            f"{c} = strftime('%Y-%m-%dT%H:%M:%f', {c}, '{by.total_seconds():+.3f} seconds') || '+00:00'" for c in columns
        )
        w.con.execute(f"UPDATE {table} SET {moved}")
    w.said = [(at + by, *rest) for at, *rest in w.said]  # type: ignore[misc]


def _under_way(w: World) -> None:
    """Every junior has a try under way, a baseline runs beside them; as many run as there are devices."""
    last = int(w.con.execute("SELECT count(*) FROM experiments").fetchone()[0])
    at, free = NOW - timedelta(seconds=140), sorted(w.free)
    for number, name in enumerate(w.names):
        slug = PROGRAMS_OF[number % 3][0]
        pool, commit, _ = w.heads[slug]
        e = Experiment(f"E{last + number + 1}", slug, name, S.RACING, Claim.IMPROVE, 0.0, CHANGES[number * 5 % len(CHANGES)],
                       "the curve is still falling", "about 0.003", commit, w.hex(), pool.tree, w.hex(),
                       at - timedelta(seconds=60), pool=pool.id, lines_added=number + 1)  # fmt: skip
        EXPERIMENTS.insert(w.con, e)
        w.say(at - timedelta(seconds=60), "experiment.proposed", e.id, name)
        if number < len(free) - 1:
            _running(w, e.run_tree, slug, pool.id, e.id, free[number], 40 + 45 * number)
    pool = w.heads["optimizer"][0]
    _running(w, pool.tree, "optimizer", pool.id, None, free[-1], 399)


def _running(w: World, tree: str, slug: str, pool: int, experiment: str | None, device: str, step: int) -> None:
    w.runs += 1
    begin = NOW - timedelta(seconds=20 + step * 0.7)
    purpose = Purpose.RACE if experiment else Purpose.POOL
    run = Run(f"R{w.runs}", purpose, run_model.State.RUNNING, tree, 100_000, 0, 0, 8, "2e15flop", begin, program=slug,
              experiment=experiment, pool=pool, device=device, started_at=begin)  # fmt: skip
    RUNS.insert(w.con, run)
    w.con.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?)", (device, run.id, rows.encode(begin)))
    w.say(begin, "run.running", run.id, experiment=experiment, device=device)
    metrics(w.layout, run.id, step)


def _words(w: World) -> None:
    """Mail, a question, standups and a page, and the newest runs' metrics."""
    first = w.names[0]
    for id, sender, to, kind, subject, body in (
        ("m-1", "chief", first, MessageKind.ASSIGNMENT, "Program optimizer is yours", "Start from the **brief**.\n\n- read E1"),
        ("m-2", first, "human", MessageKind.NOTE, "A pattern in the last four tries", "All lose [0.003] late."),
        ("q-1", "chief", "human", MessageKind.QUESTION, "May I close data-order?", "May I close data-order and move its junior?"),
    ):
        at = NOW - timedelta(minutes=50)
        MESSAGES.insert(w.con, Message(id, sender, to, kind, subject, body, at, delivered_at=at))
        w.say(at, "message.sent", id, sender, to=to)
    QUESTIONS.insert(w.con, Question("q-1", "chief", "May I close data-order and move its junior?", NOW - timedelta(minutes=50),
                                     "wait until tomorrow", NOW + timedelta(hours=3)))  # fmt: skip
    for number, day in enumerate(("2026-03-12", "2026-03-13"), 1):
        at = datetime.fromisoformat(f"{day}T09:00:00+00:00")
        path = w.layout.standup(day)
        STANDUPS.insert(w.con, Standup(number, day, at, at + timedelta(minutes=1), at + timedelta(minutes=1), str(path)))
        SECTIONS.insert(w.con, Section(number, first, "The windows cost more than they give.", at + timedelta(seconds=30)))
        atomic.write_text(path, f"# Standup of {day}\n\n**3** verdicts.\n\n| agent | merged |\n| :- | -: |\n| {first} | 1 |\n\n"
                                f"## {first}\n\nThe windows cost more than they give.\n")  # fmt: skip
    atomic.write_text(w.layout.page("E1"), "---\nid: E1\n---\n# E1 · the first\n\nIt was *discarded*.\n")
