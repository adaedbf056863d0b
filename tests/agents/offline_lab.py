"""A small lab for offline agents: a real repository, a real ledger, real mailboxes, and the recording `org`."""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from org.agents import verbs
from org.agents.checkout import Checkout
from org.agents.offline import recipe as recipes
from org.agents.offline.desk import Desk
from org.agents.offline.junior import Junior
from org.agents.offline.pane import Pane
from org.comms import mailbox
from org.model.agent import Agent, Control, ControlEvent, State
from org.model.experiment import Event, Experiment
from org.model.message import HUMAN, Kind, Message
from org.model.program import Program
from org.model.program import State as ProgramState
from org.store import agents, experiments, ledger, mail
from org.store.layout import Layout
from org.store.ledger import Ledger
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS

RECIPE = """\
# Values that programs try.
softcap: 15.0                 # logits = softcap * tanh(x / softcap)
warmdown_ratio: 0.65          # of the budget

# --- schedule ---
layers_kept: 4
window_pattern: L             # a letter a layer
value_embeddings: true
"""
SPACE = {
    "softcap": {"low": 5, "high": 50, "log": True},
    "warmdown_ratio": {"low": 0.1, "high": 1.0},
    "layers_kept": {"low": 1, "high": 6, "int": True},
    "window_pattern": ["L", "SL"],
}
RECIPE_PATH = "trainer/recipe.yaml"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IDENTITY = {f"GIT_{who}_{what}": "junior-1@lab" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass
class OfflineLab:
    """home holds comms/ and the worktree; now is the clock that agents see."""

    home: Path
    book: Ledger
    layout: Layout
    head: str
    now: datetime = START
    output: io.StringIO = field(default_factory=io.StringIO)

    @property
    def recipe(self) -> Path:
        return self.layout.worktree("junior-1") / RECIPE_PATH

    def desk(self, name: str = "junior-1") -> Desk:
        """A new desk, as after a restart of the pane: nothing is remembered but what is on disk."""
        environment = {"PATH": os.environ["PATH"], "FAKE_ORG": str(self.home), "PYTHONPATH": os.pathsep.join(sys.path)}
        worktree = self.layout.worktree("junior-1")
        fake = (sys.executable, str(Path(__file__).with_name("fake_org.py")))
        org = verbs.for_agent(fake, worktree, name, str(self.layout.comms), {**environment, **IDENTITY})
        pane = Pane(self.output, lambda: self.now, width=200)
        reader = ledger.open_existing(self.layout.ledger)
        return Desk(name, self.layout, reader, org, Checkout(worktree, IDENTITY), pane, RECIPE_PATH, lambda: self.now)

    def later(self, seconds: float = 120.0) -> None:
        self.now += timedelta(seconds=seconds)

    def calls(self, *verb: str) -> list[list[str]]:
        """The recorded calls whose first words are these."""
        return [c["args"] for c in self.raw_calls() if tuple(c["args"][: len(verb)]) == verb]

    def raw_calls(self) -> list[dict[str, object]]:
        path = self.home / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def refuse(self, **reasons: str) -> None:
        (self.home / "refuse.json").write_text(json.dumps(reasons))

    def decide(self, id: str, gain: float, *events: Event, moves_head: bool = False, **decision: object) -> Experiment:
        """Give an experiment its verdict; with moves_head its tip becomes the program's head."""
        told = {"gain": gain, "shrunk_gain": gain, "z": 3.1, "e": 420.0, "sigma": 0.002, "se": 0.001, "candidate_runs": 2}
        with self.book.transaction() as tx:
            for event in events:
                experiments.move(tx, id, event, self.now, decision={**told, **decision}, gain=gain)
            found = EXPERIMENTS.get(tx, id)
            if moves_head:
                PROGRAMS.update(tx, found.program, head_commit=found.tip_commit)
        return found

    def discard(self, id: str, gain: float = -0.001) -> Experiment:
        return self.decide(id, gain, Event.APPROVE, Event.RACE, Event.DISCARD)

    def merge(self, id: str, gain: float = 0.005) -> Experiment:
        moves = (Event.APPROVE, Event.RACE, Event.KEEP, Event.ENQUEUE, Event.MERGE)
        return self.decide(id, gain, *moves, moves_head=True)

    def letter(self, kind: Kind, body: str, sender: str = HUMAN, to: str = "junior-1", id: str | None = None) -> Message:
        """A message in the ledger and in the reader's mailbox."""
        with self.book.transaction() as tx:
            message = mail.post(tx, sender, to, kind, body.splitlines()[0], body, self.now, id=id)
        mailbox.put(self.layout.mailbox(to), message)
        return message

    def control(self, event: ControlEvent, name: str = "junior-1", who: str = "mira") -> None:
        with self.book.transaction() as tx:
            agents.set_control(tx, name, event, self.now, who)

    def add_program(self, slug: str, **changes: object) -> Program:
        program = Program(
            slug, slug.title(), ProgramState.OPEN, f"What does {slug} do?", "improve", 0.0, "time", (RECIPE_PATH,), SPACE,
            {}, {"discards": 3}, "", "chief", self.now, root_commit=self.head, head_commit=self.head,
        )  # fmt: skip
        program = replace(program, **changes)  # type: ignore[arg-type]
        with self.book.transaction() as tx:
            PROGRAMS.insert(tx, program)
        return program

    def add_agent(self, name: str, role: str = "junior", program: str | None = None) -> None:
        agent = Agent(name, role, "offline", State.IDLE, Control.AGENT, self.now, self.now, program, "cpu:0")
        with self.book.transaction() as tx:
            AGENTS.insert(tx, agent)

    def experiments(self) -> list[Experiment]:
        return EXPERIMENTS.select(self.book.reader, "ORDER BY CAST(substr(id, 2) AS INTEGER)")


def make(home: Path) -> OfflineLab:
    """A chief, a junior on an open program, and a repository whose only file of interest is the recipe."""
    layout = Layout(home, home / "comms", home / "worktrees")
    worktree = layout.worktree("junior-1")
    (worktree / "trainer").mkdir(parents=True)
    (worktree / RECIPE_PATH).write_text(RECIPE)
    git(worktree, "init", "--quiet", "-b", "start")
    git(worktree, "add", "-A")
    git(worktree, "commit", "--quiet", "-m", "The start")
    lab = OfflineLab(home, ledger.create(layout.ledger), layout, git(worktree, "rev-parse", "HEAD"))
    lab.add_program("schedule")
    lab.add_agent("chief", "chief_scientist")
    lab.add_agent("junior-1", program="schedule")
    return lab


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, check=True, capture_output=True, text=True, env={**os.environ, **IDENTITY}
    )
    return done.stdout.strip()


def steps(place: OfflineLab, junior: Junior, count: int) -> None:
    """So many steps of the junior, each at a later time."""
    for _ in range(count):
        junior.step()
        place.later()


def changed_keys(place: OfflineLab, base: str, tip: str) -> list[str]:
    """Of the recipe, between two commits."""
    worktree = place.layout.worktree("junior-1")
    texts = [git(worktree, "show", f"{commit}:{RECIPE_PATH}") for commit in (base, tip)]
    return recipes.changed(recipes.values(texts[0]), recipes.values(texts[1]))
