"""Played runs on devices that may drift: a shift that every run from now on has, and records as a task would write them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from played import NOISE, SPREAD, Played

from org.lab import schedule
from org.lab.studies import sentinel
from org.model.experiment import Experiment
from org.model.run import Purpose, Run
from org.model.study import State, Study
from org.runs.spec import End, Outcome
from org.store import reads
from org.store.tables import EVENTS
from org.supervisor.office import Office

SIGMA = SPREAD


@dataclass
class Drifter(Played):
    """shift: how much better every run is from now on. record: train.json. jitter: of a run that repeats a seed. waits: runs
    that are not started."""

    shift: float = 0.0
    record: dict[str, Any] = field(default_factory=dict)
    jitter: float = 0.0
    lr: float = 0.2
    waits: Callable[[Run], bool] = lambda run: False

    def __post_init__(self) -> None:
        self.ends = self._outcome

    def _play(self, office: Office, now: datetime) -> None:
        if self.held or schedule.held(self.lab) is not None:
            return
        may = [run for run in schedule._waiting(self.lab) if not self.waits(run)]
        for run in may[: len(self.lab.devices)]:
            self.start(run)
            self.end(run)

    def tick(self) -> list[str]:
        failed = super().tick()
        told = EVENTS.select(self.lab.ledger.reader, "WHERE kind = 'supervisor.step_failed'")
        assert not failed, told[-1].detail
        return failed

    def _outcome(self, run: Run) -> Outcome:
        mine = run.purpose is Purpose.STUDY and not self.record
        slot = run.slot % sentinel.AGAIN
        seed, own = random.Random(run.seed if mine else slot), random.Random(f"{run.tree}{slot}")
        told = 1.0 - self.gains.get(run.tree, 0.0) + SPREAD * seed.gauss(0, 1) + NOISE * own.gauss(0, 1)
        again = self.jitter * random.Random(run.id).gauss(0, 1)
        return Outcome(
            run.id, End.SUCCEEDED, metric=told - self.shift + again, record=dict(self.record), total_seconds=36.0
        )  # fmt: skip

    def rules(self, **changes: Any) -> None:
        """Other constants of drift."""
        protocol = replace(self.lab.protocol, drift=replace(self.lab.protocol.drift, **changes))
        self.office.lab = self.lab = replace(self.lab, protocol=protocol)

    def try_(self, gain: float = 0.0) -> Experiment:
        """Propose another change, and race it to its verdict."""
        made = self.propose_one(gain)
        self.until(self.settled(made.id))
        return self.experiment(made.id)

    def propose_one(self, gain: float = 0.0) -> Experiment:
        self.lr = round(self.lr + 0.001, 3)
        return self.change("junior-1", gain, lr=self.lr)

    def sentinels(self) -> list[Study]:
        return [s for s in sentinel.every(self.lab.ledger.reader) if s.state is not State.OPEN]

    def until_sentinel(self, count: int) -> Study:
        """Tick until so many sentinels have said something."""
        self.until(lambda: len(self.sentinels()) >= count)
        return self.sentinels()[count - 1]

    def pool(self, id: int | None) -> list[Run]:
        return reads.pool_runs(self.lab.ledger.reader, id or 0)
