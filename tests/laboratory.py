"""A lab on a small repository of its own, for tests: real git, real SQLite, real keepers; no terminal."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import founded

from org import bootstrap, config
from org.lab import branches, environment, founding, pools, programs, propose
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.propose import Proposal
from org.model.brief import Brief
from org.model.experiment import Claim, Experiment
from org.store import atomic, meta
from org.store.tables import EXPERIMENTS, PROGRAMS
from org.supervisor import loop
from org.supervisor.office import Office

TASKS = Path(__file__).parent / "tasks"


@dataclass
class Laboratory:
    """One lab under test and the shortest ways to use it."""

    lab: Lab
    office: Office

    PAUSE: ClassVar = 0.02  # seconds between two ticks, in which runs go on

    def tick(self) -> list[str]:
        return loop.tick(self.office, datetime.now(UTC))

    def until(self, done: Callable[[], bool], seconds: float = 180.0) -> None:
        """Tick until done() holds."""
        deadline = time.monotonic() + seconds
        while not done():
            failed = self.tick()
            assert not failed, failed
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(self.PAUSE)

    def program(self, slug: str = "free", **fields: object) -> None:
        """Note a program, open it, and assign every agent."""
        brief = Brief(slug=slug, title=slug, question="What helps?", body="…", **fields)  # type: ignore[arg-type]
        now = datetime.now(UTC)
        with self.lab.ledger.transaction() as tx:
            programs.note(tx, brief, self.lab.config.task.editable, "test", now)
        programs.open_(self.lab, slug, now, "test")
        for name, entry in config.agent_names(self.lab.config):
            if not entry.role.startswith("chief"):
                programs.assign(self.lab, slug, name, now, "test")

    def ask_for_pool(self) -> None:
        """Ask for every run of the first program's pool that is missing."""
        with self.lab.ledger.transaction() as tx:
            program = PROGRAMS.get(tx, "free")
            pool = pools.of_tree(self.lab, tx, heads.tree(self.lab, program), datetime.now(UTC))
            pools.queue_runs(self.lab, tx, pool, pools.size(self.lab, pool), datetime.now(UTC), "free")

    def edit(self, agent: str, files: Mapping[str, str | Callable[[str], str]], message: str = "change") -> None:
        """Start the agent's next branch, write the files, commit."""
        branches.next_(self.lab, agent, datetime.now(UTC))
        path = self.lab.layout.worktree(agent)
        for name, content in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content if isinstance(content, str) else content(file.read_text()))
        git(path, "add", "-A")
        git(path, "commit", "-q", "-m", message)

    def propose(self, agent: str, subject: str = "a change", claim: Claim = Claim.IMPROVE, **more: object) -> Experiment:
        proposal = Proposal(claim, subject, "because it may help", "a little better", **more)  # type: ignore[arg-type]
        return propose.propose(self.lab, agent, proposal, datetime.now(UTC))

    def recipe(self, agent: str, subject: str | None = None, **values: object) -> Experiment:
        """Change recipe values and propose."""
        self.edit(agent, {self.lab.config.task.recipe[0]: lambda text: set_values(text, values)})
        return self.propose(agent, subject or ", ".join(f"{k} = {v}" for k, v in values.items()))

    def experiment(self, id: str) -> Experiment:
        return EXPERIMENTS.get(self.lab.ledger.reader, id)

    def settled(self, *ids: str) -> Callable[[], bool]:
        """Whether all these have their final verdict."""
        return lambda: all(not self.experiment(id).is_open for id in ids)


def set_values(text: str, values: Mapping[str, object]) -> str:
    """Replace `key: value` lines of a flat recipe, keeping comments."""
    lines = []
    for line in text.splitlines():
        key = line.split(":")[0]
        if key in values:
            comment = line.partition("  #")[2]
            line = f"{key}: {values[key]}" + (f"  #{comment}" if comment else "")
        lines.append(line)
    return "\n".join(lines) + "\n"


def make(folder: Path, task: str = "fit", configure: Callable[[str], str] = lambda text: text) -> Laboratory:
    """A repository with the task, founded as a lab: a copy of the first one with this task and config."""
    text = configure((TASKS / task / "config.yaml").read_text())
    layout = founded.copied(folder / "repository", (task, text), lambda root: _found(root, task, text))
    founded.begin(layout.ledger)
    return _laboratory(bootstrap.opened(bootstrap.place(str(layout.comms), {}, layout.root)))


def lived(folder: Path, past: str, live: Callable[[Path], Laboratory]) -> Laboratory:
    """A lab with a past, a copy of the first one with this past. live: makes that in a folder."""
    layout = founded.copied(folder / "repository", past, lambda root: live(root.parent).lab.ledger.close())
    return _laboratory(bootstrap.opened(bootstrap.place(str(layout.comms), {}, layout.root)))


def _found(root: Path, task: str, text: str) -> None:
    open_(repository(root, task, lambda _: text)).lab.ledger.close()


def repository(root: Path, task: str, configure: Callable[[str], str] = lambda text: text) -> Path:
    """A committed repository of its own that holds one of tests/tasks."""
    shutil.copytree(TASKS / task, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "config.yaml").write_text(configure((root / "config.yaml").read_text()))
    (root / ".gitignore").write_text("comms/\nworktrees/\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "a task")
    return root


def open_(root: Path) -> Laboratory:
    """What `org start` does, less the terminal. Again on the same folder: the same lab goes on."""
    place = bootstrap.place(str(root / "config.yaml"), {}, root)
    lab, cfg = bootstrap.found(place, {})
    with lab.ledger.transaction() as tx:  # a lab draws its key; a test must not depend on the luck of it
        meta.put(tx, "seed_key", "a test")
    founding.found(lab, "test", datetime.now(UTC))
    atomic.write_json(
        lab.layout.lab_file,
        {"lab": cfg.lab, "root": str(root), "worktrees": str(lab.layout.worktrees), "config": str(root / "config.yaml")},
    )
    commit = meta.get(lab.ledger.reader, "root_commit")
    assert commit is not None
    environment.prepare(lab, commit, datetime.now(UTC))
    return _laboratory(lab)


def _laboratory(lab: Lab) -> Laboratory:
    lab = replace(lab, locks=lab.layout.root.parent / "locks")
    return Laboratory(lab, Office(lab, say=lambda line: None))


def git(path: Path, *args: str) -> str:
    """git as a person would call it."""
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
                (("NAME", "tester"), ("EMAIL", "tester@example.invalid"))}  # fmt: skip
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | identity
    done = subprocess.run(["git", *args], cwd=path, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()
