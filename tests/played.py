"""A laboratory whose keepers are played: everything is real (git, SQLite, run folders, outcomes) but the training, which
is a function of the run. A race of ten runs takes a fraction of a second."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from laboratory import Laboratory

from org.lab import collect, review, schedule
from org.lab import requests as lab_requests
from org.lab.verdicts import judge
from org.model.experiment import Experiment
from org.model.experiment import State as ExperimentState
from org.model.request import Request
from org.model.run import Event, Run, State
from org.runs.spec import End, Outcome, write_outcome
from org.store import meta, requests, runs
from org.store.tables import REQUESTS
from org.supervisor import loop, mail, standup, verdicts
from org.supervisor import runs as run_step
from org.supervisor.office import Office

SPREAD = 0.01  # of a run, between seeds
NOISE = 0.002  # that two trees do not share


def value(run: Run, gains: Mapping[str, float]) -> float:
    """About 1, less the tree's gain; most of the noise belongs to the seed. The same in every test, though seeds are not."""
    seed, own = random.Random(run.slot), random.Random(f"{run.tree}{run.slot}")
    return 1.0 - gains.get(run.tree, 0.0) + SPREAD * seed.gauss(0, 1) + NOISE * own.gauss(0, 1)


@dataclass
class Played(Laboratory):
    """gains: run tree → how much better than 1. ends: what becomes of a run, when not a value."""

    gains: dict[str, float] = field(default_factory=dict)
    ends: Callable[[Run], Outcome | None] = lambda run: None
    clock: timedelta = timedelta(0)
    held: bool = False  # nothing is started while it is set

    PAUSE: ClassVar = 0.0  # a tick plays the runs

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock

    def tick(self) -> list[str]:
        steps = (
            ("mail", mail.step), ("runs", run_step.step), ("verdicts", verdicts.step), ("schedule", self._play),
            ("standup", standup.step),
        )  # fmt: skip
        return loop.tick(self.office, self.now(), steps)

    def ticks(self, count: int) -> None:
        for _ in range(count):
            failed = self.tick()
            assert not failed, failed

    def ask(self, verb: str, actor: str = "human", **args: object) -> Request:
        """A verb, and the supervisor's answer."""
        with self.lab.ledger.transaction() as tx:
            asked = requests.ask(tx, verb, actor, self.now(), **args)
        lab_requests.step(self.lab, self.now())
        return REQUESTS.get(self.lab.ledger.reader, asked.id)

    def change(self, agent: str, gain: float, **recipe: object) -> Experiment:
        """Propose a change of recipe values that is better by so much."""
        made = self.recipe(agent, **recipe)
        self.gains[made.run_tree] = gain
        return made

    def start(self, run: Run) -> None:
        """The row and the folder of a started run."""
        self.lab.layout.run(run.id).mkdir(parents=True, exist_ok=True)
        with self.lab.ledger.transaction() as tx:
            runs.move(tx, run.id, Event.START, self.now(), device="cpu:0", started_at=self.now())

    def end(self, run: Run) -> None:
        """The outcome that the run's keeper would leave."""
        outcome = self.ends(run) or Outcome(run.id, End.SUCCEEDED, metric=value(run, self.gains), total_seconds=36.0)
        write_outcome(self.lab.layout.run(run.id), outcome)

    def runs(self, experiment: str) -> list[Run]:
        return runs.of_experiment(self.lab.ledger.reader, experiment)

    def queued(self) -> list[Run]:
        return runs.in_state(self.lab.ledger.reader, State.QUEUED)

    def fact(self, key: meta.Key) -> str | None:
        return meta.get(self.lab.ledger.reader, key)

    def _play(self, office: Office, now: datetime) -> None:
        if self.held or schedule.held(self.lab) is not None:
            return
        for run in schedule._waiting(self.lab)[: len(self.lab.devices)]:
            self.start(run)
            self.end(run)


def crash(run: Run, reason: str = "boom") -> Outcome:
    return Outcome(run.id, End.FAILED, reason=reason, total_seconds=1.0)


def better(lab: Played, agent: str = "junior-1", **recipe: object) -> str:
    """An experiment that waits for its merge."""
    made = lab.change(agent, 0.1, **recipe)
    for _ in range(60):
        review.step(lab.lab, lab.now())
        collect.step(lab.lab, lab.now())
        judge.step(lab.lab, lab.now())
        if lab.experiment(made.id).state is ExperimentState.QUEUED:
            return made.id
        lab._play(lab.office, lab.now())
    raise AssertionError(lab.experiment(made.id))


def set_task(lab: Laboratory, **keys: object) -> None:
    """What an edited config.yaml, applied, makes of the lab."""
    task = lab.lab.config.task.model_copy(update=keys)
    lab.office.lab = lab.lab = replace(lab.lab, config=lab.lab.config.model_copy(update={"task": task}))


def set_rung(lab: Laboratory, **keys: object) -> None:
    set_task(lab, ladder=(lab.lab.rung.model_copy(update=keys),))
