"""Real ledgers, written through org.store: a lab that has lived through a number of experiments.

Everything follows from a seed and from NOW, so that a frame of it never changes.
"""

import json
import random
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from org.model import experiment, program
from org.model import run as runs_model
from org.model.agent import Agent, Control, ControlEvent
from org.model.agent import State as AgentState
from org.model.experiment import Claim, Experiment
from org.model.merge import Merge
from org.model.merge import State as MergeState
from org.model.message import Kind
from org.model.pool import Pool, Slot
from org.model.program import Program
from org.model.run import Purpose, Run
from org.model.study import Kind as StudyKind
from org.model.study import State as StudyState
from org.model.study import Study
from org.store import agents, atomic, experiments, ledger, mail, meta, programs, runs
from org.store.layout import Layout
from org.store.tables import AGENTS, EXPERIMENTS, MERGES, POOLS, PROGRAMS, SLOTS, STUDIES

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
CONFIG = {
    "lab": "main", "task": {"metric": "val_bpb", "direction": "min"}, "standup": {"timezone": "UTC"},
}  # fmt: skip
SIGMA = 0.0024
PROGRAMS_OF = (
    ("optimizer", "Which optimizer settings survive at depth 8?"),
    ("attention", "Does attention need every layer to look back all the way?"),
    ("data-order", "Is there anything left in the order of the data?"),
)
CHANGES = (
    "Muon momentum 0.95 instead of 0.90", "warm the learning rate up over 2 % of the steps",
    "half windows in every second layer", "value embeddings in the last third only", "untie the head from the embedding",
    "logit softcap 20 instead of 15", "rope base 50 000", "no weight decay on embeddings", "batch ramp from 1/4",
    "linear decay to zero over the last 60 %", "squared ReLU → GELU", "QK norm before rope", "drop the second bias",
    "depth-scaled initialization", "longer documents first", "AdamW β2 0.95 for the head",
)  # fmt: skip
WORDS = (
    "Waiting for the third run of my window experiment before I say anything.",
    "The decay schedule looks flat after 400 steps, so I propose a longer tail.",
    "Reading E12 and E9 again: both touch the head's learning rate.",
    "Two runs in, z is 1.9. Needs one more.",
)
PLAN = "Optimizer pays best per device-hour this week; data-order has not kept anything yet."
STEPS = 400


@dataclass
class Lab:
    """A lab under construction. head: program → [tree, commit, level of its pool]."""

    layout: Layout
    con: sqlite3.Connection
    dice: random.Random
    at: datetime
    head: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)  # tree → pool

    def later(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def layout_of(folder: Path) -> Layout:
    return Layout(folder, folder / "comms", folder / "worktrees")


def build(folder: Path, count: int = 10, juniors: int = 3, seed: int = 7) -> Layout:
    """A lab with a chief, `juniors` juniors and `count` decided experiments; the last ones are under way."""
    layout = layout_of(folder)
    book = ledger.create(layout.ledger)
    with book.transaction() as con:
        lab = Lab(layout, con, random.Random(seed), NOW - timedelta(seconds=(count + 3) * 310))
        _facts(lab)
        names = [f"junior-{n}" for n in range(1, juniors + 1)]
        _agents(lab, names)
        if count:
            _programs(lab, names)
        for number in range(count):
            _decided(lab, number, names)
        if count:
            _under_way(lab, names)
            _words(lab, names)
    book.close()
    return layout


def _facts(lab: Lab) -> None:
    devices = {f"cuda:{n}": "H100 SXM" for n in range(8)}
    for key, value in {"lab": "main", "device_models": json.dumps(devices), "config": json.dumps(CONFIG)}.items():
        meta.put(lab.con, key, value)  # type: ignore[arg-type]
    meta.put(lab.con, "supervisor_seen_at", (NOW - timedelta(seconds=1)).isoformat())


def _agents(lab: Lab, names: list[str]) -> None:
    for number, name in enumerate(["chief", *names]):
        role = "chief_scientist" if name == "chief" else "junior"
        backend = ("claude", "codex")[number % 2]
        device = None if name == "chief" else f"cuda:{number - 1}"
        AGENTS.insert(
            lab.con,
            Agent(name, role, backend, AgentState.STARTING, Control.AGENT, lab.at, lab.at, device=device),
        )
        state = AgentState.WORKING if number % 4 else AgentState.IDLE
        agents.set_state(lab.con, name, state, lab.later(1))
        AGENTS.update(lab.con, name, last_words=WORDS[number % len(WORDS)] if number else PLAN)


def _programs(lab: Lab, names: list[str]) -> None:
    for number, (slug, question) in enumerate(PROGRAMS_OF):
        title = slug.replace("-", " ").capitalize()
        row = Program(
            slug, title, program.State.BACKLOG, question, "improve", 0.0, "time", ("trainer/recipe.yaml",), {},
            {"device_hours": 40.0}, {"verdicts": 200.0}, "", "chief", lab.at,
        )  # fmt: skip
        PROGRAMS.insert(lab.con, row)
        tree = _hex(lab)
        programs.move(lab.con, slug, program.Event.OPEN, lab.later(1), "chief", head_commit=_hex(lab), opened_at=lab.at)
        lab.head[slug] = (tree, _hex(lab), 2.0521 + 0.004 * number)
        _pool(lab, slug, tree)
    for number, name in enumerate(names):
        agents.assign(lab.con, name, PROGRAMS_OF[number % len(PROGRAMS_OF)][0], lab.later(1), "chief")


def _hex(lab: Lab) -> str:
    return f"{lab.dice.getrandbits(160):040x}"


def _pool(lab: Lab, slug: str, tree: str) -> None:
    number = POOLS.next_id(lab.con)
    POOLS.insert(lab.con, Pool(number, tree, tree, 0, "2e15flop", "env", "H100 SXM", lab.at))
    lab.pools[tree] = number
    for slot in range(4):
        run = _run(lab, Purpose.POOL, slug, tree, slot, lab.head[slug][2], pool=number)
        SLOTS.insert(lab.con, Slot(number, slot, run.id, True))


def _run(lab: Lab, purpose: Purpose, slug: str, tree: str, slot: int, level: float | None, **more: object) -> Run:
    """A finished run whose metric is `level` and noise; None: it fails."""
    run = _started(lab, purpose, slug, tree, slot, **more)
    if level is None:
        return runs.move(
            lab.con, run.id, runs_model.Event.FAIL, lab.later(30), "loss is not a number", total_seconds=30.0,
            finished_at=lab.at,
        )  # fmt: skip
    metric = level + lab.dice.gauss(0.0, SIGMA)
    return runs.move(
        lab.con, run.id, runs_model.Event.SUCCEED, lab.later(40), metric=metric, total_seconds=318.0, finished_at=lab.at
    )


def _started(lab: Lab, purpose: Purpose, slug: str, tree: str, slot: int, **more: object) -> Run:
    run = runs.queue(
        lab.con,
        Run("", purpose, runs_model.State.QUEUED, tree, 100 + slot, slot, 0, 8, "2e15flop", lab.at, program=slug, **more),  # type: ignore[arg-type]
    )
    device = f"cuda:{lab.dice.randrange(8)}"
    return runs.move(lab.con, run.id, runs_model.Event.START, lab.later(2), device=device, started_at=lab.at)


def _proposed(lab: Lab, author: str, slug: str, text: str) -> Experiment:
    tree, commit, _ = lab.head[slug]
    e = Experiment(
        EXPERIMENTS.next_name(lab.con, "E"), slug, author, experiment.State.PROPOSED, Claim.IMPROVE, 0.0, text,
        "the last two merges in this program point the same way", "a gain of about 0.004", commit, _hex(lab), tree,
        _hex(lab), lab.later(5), pool=lab.pools[tree], lines_added=lab.dice.randrange(1, 40),
        lines_removed=lab.dice.randrange(12),
    )  # fmt: skip
    EXPERIMENTS.insert(lab.con, e)
    experiments.move(lab.con, e.id, experiment.Event.APPROVE, lab.later(1), actor="chief")
    experiments.move(lab.con, e.id, experiment.Event.RACE, lab.later(1))
    return e


def _decided(lab: Lab, number: int, names: list[str]) -> None:
    author = names[number % len(names)]
    slug = PROGRAMS_OF[number % len(names) % len(PROGRAMS_OF)][0]
    e = _proposed(lab, author, slug, CHANGES[lab.dice.randrange(len(CHANGES))])
    luck = lab.dice.random()
    if luck < 0.06:
        for slot in range(2):
            _run(lab, Purpose.RACE, slug, e.run_tree, slot, None, experiment=e.id)
        experiments.move(lab.con, e.id, experiment.Event.FAIL, lab.later(1), reason="both runs: loss is not a number")
        return
    good = luck > 0.9 and lab.dice.random() < 1.0 / (1.0 + number / 60)  # the first gains are the easy ones
    effect = lab.dice.uniform(0.007, 0.02) if good else -abs(lab.dice.gauss(0.0, 0.011))
    used = lab.dice.randrange(3, 6) if good else lab.dice.randrange(1, 4)
    for slot in range(used):
        _run(lab, Purpose.RACE, slug, e.run_tree, slot, lab.head[slug][2] - effect, experiment=e.id)
    if good:
        _kept(lab, e, effect)
    elif luck > 0.86:
        experiments.move(lab.con, e.id, experiment.Event.PARK, lab.later(1), reason="inconclusive after 10 runs", gain=0.0006)
    else:
        reason = f"z {effect / SIGMA / 2:.2f} is under the bar of run {used}"
        experiments.move(lab.con, e.id, experiment.Event.DISCARD, lab.later(1), reason=reason, gain=effect * 0.6)


def _kept(lab: Lab, e: Experiment, effect: float) -> None:
    move = experiment.Event
    experiments.move(lab.con, e.id, move.KEEP, lab.later(1), reason="e 412 ≥ 200", gain=effect * 0.93)
    if lab.dice.random() < 0.12:
        experiments.move(lab.con, e.id, move.ENQUEUE, lab.later(1))
        experiments.move(lab.con, e.id, move.DECLINE, lab.later(1), reason="not worth it: 38 lines for 0.006")
        return
    experiments.move(lab.con, e.id, move.ENQUEUE, lab.later(1))
    _, commit, level = lab.head[e.program]
    new = _hex(lab)
    MERGES.insert(
        lab.con,
        Merge(MERGES.next_id(lab.con), e.id, e.program, f"refs/heads/org/main/program/{e.program}", commit, new,
              e.run_tree, MergeState.DONE, lab.at, lab.later(2)),
    )  # fmt: skip
    experiments.move(lab.con, e.id, move.MERGE, lab.at, merged_commit=new)
    PROGRAMS.update(lab.con, e.program, head_commit=new)
    lab.head[e.program] = (e.run_tree, new, level - effect)
    _pool(lab, e.program, e.run_tree)
    if lab.dice.random() < 0.4:
        experiments.move(lab.con, e.id, move.CERTIFY, lab.later(60))
        told = {"certified": True, "gain": effect, "se": 0.001, "shrunk_gain": effect * 0.98, "reason": "e 99, needs 20"}
        id = STUDIES.next_name(lab.con, "S")
        STUDIES.insert(lab.con, Study(id, StudyKind.CERTIFICATE, e.id, StudyState.DONE, "chief", lab.at, outcome=told))


def _under_way(lab: Lab, names: list[str]) -> None:
    """Every junior but the last has a run under way, and a baseline runs beside them."""
    for number, name in enumerate(names):
        slug = PROGRAMS_OF[number % len(PROGRAMS_OF)][0]
        e = _proposed(lab, name, slug, CHANGES[(number * 5 + 2) % len(CHANGES)])
        for slot in range(number % 3):
            _run(lab, Purpose.RACE, slug, e.run_tree, slot, lab.head[slug][2] - 0.004, experiment=e.id)
        if number < len(names) - 1 or len(names) == 1:
            run = _started(lab, Purpose.RACE, slug, e.run_tree, number % 3, experiment=e.id)
            lab.con.execute("UPDATE runs SET device = ? WHERE id = ?", (f"cuda:{number}", run.id))
            metrics(lab.layout, run.id, 40 + 45 * number)
    tree = lab.head["optimizer"][0]
    run = _started(lab, Purpose.POOL, "optimizer", tree, 4, pool=lab.pools[tree])
    lab.con.execute("UPDATE runs SET device = 'cuda:7' WHERE id = ?", (run.id,))
    metrics(lab.layout, run.id, STEPS)


def metrics(layout: Layout, run: str, step: int) -> None:
    """The metrics of a run that got as far as `step`, with a torn line at its end."""
    rows = [
        {"step": s, "steps": STEPS, "loss": 6.0 / (1 + s / 60) + 2.2, "train_seconds": s * 0.7, "tok_per_sec": 4.1e5}
        for s in range(max(step - 3, 1), step + 1)
    ]
    folder = layout.run(run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 9')


def _words(lab: Lab, names: list[str]) -> None:
    """Mail, a question, a standup, a page, and one agent in a person's hands."""
    at = NOW - timedelta(minutes=50)
    mail.post(
        lab.con, "chief", names[0], Kind.ASSIGNMENT, "Program optimizer is yours",
        "Start from the **brief**. Two open experiments at a time, please.\n\n- read E1 first\n- ablate what you keep",
        at, refs=("E1",), id="m-1",
    )  # fmt: skip
    mail.post(lab.con, "office", names[0], Kind.VERDICT, "E3 discarded", "z −0.4 after 2 runs.", at, id="m-2")
    mail.post(
        lab.con,
        names[0],
        "human",
        Kind.NOTE,
        "A pattern in the last four tries",
        "All lose [0.003] late.",
        at,
        id="m-3",
    )
    mail.ask(
        lab.con, "chief", "Both programs want the windows: may I close data-order and move its junior?",
        NOW - timedelta(minutes=8), "wait until tomorrow", NOW + timedelta(hours=3),
    )  # fmt: skip
    lab.con.execute("UPDATE messages SET id = 'q-1' WHERE kind = 'question'")
    lab.con.execute("UPDATE questions SET id = 'q-1'")
    held = names[-1]
    agents.set_control(lab.con, held, ControlEvent.TAKE, NOW - timedelta(minutes=12), "ada", "trying something by hand")
    agents.set_state(lab.con, held, AgentState.WAITING, NOW - timedelta(minutes=12))
    for day, text in (("2026-03-12", "quiet"), ("2026-03-13", "busy")):
        atomic.write_text(
            lab.layout.standup(day),
            f"# Standup {day}\n\nA {text} day: **3** verdicts.\n\n| Agent | Verdicts | Merged |\n| :- | -: | -: |\n"
            "| junior-1 | 2 | 1 |\n| junior-2 | 1 | 0 |\n\n## junior-1\n\nThe windows cost more than they give.\n",
        )
    atomic.write_text(
        lab.layout.page("E1"),
        "---\nid: E1\n---\n# The first experiment\n\nIt was *discarded*.\n\n| Run | Metric |\n| :- | -: |\n| R1 | 2.0533 |\n",
    )
