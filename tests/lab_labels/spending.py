"""Played runs that report what they spent, and whose loss falls with compute as a power law: 0.6 + 0.4 / √(compute)."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from played import Played

from org.lab import schedule
from org.model.experiment import Experiment
from org.model.run import Run
from org.model.study import Kind, Study
from org.runs.spec import End, Outcome
from org.store import studies
from org.supervisor.office import Office

NOISE = 0.001  # of a run; one per cent of compute is worth 0.002


@dataclass(frozen=True)
class Change:
    """What a tree does beside its base at the same budget: factors of what it spends, and a gain at equal compute. The
    same seed moves a paired one as it moves the base."""

    flops: float = 1.0
    tokens: float = 1.0
    parameters: float = 1.0
    gain: float = 0.0
    paired: bool = False


@dataclass
class Spender(Played):
    """changes: run tree → what it does. reports: records say what was spent. broken: runs that crash. studies_wait: no run
    of a study is started."""

    changes: dict[str, Change] = field(default_factory=dict)
    reports: bool = True
    broken: Callable[[Run], bool] = lambda run: False
    studies_wait: bool = False

    def __post_init__(self) -> None:
        self.ends = self._outcome

    def try_(self, agent: str, change: Change, **recipe: object) -> Experiment:
        made = self.recipe(agent, **recipe)
        self.changes[made.run_tree] = change
        return made

    def settle(self, *ids: str, ticks: int = 80) -> None:
        """Until these have left the queue."""
        for _ in range(ticks):
            if self.settled(*ids)():
                return
            self.ticks(1)
        raise AssertionError([(self.experiment(id).state, self.experiment(id).reason) for id in ids])

    def curves(self) -> list[Study]:
        return [s for n in range(1, 9) for s in studies.of_subject(self.lab.ledger.reader, Kind.CURVE, f"pool-{n}")]

    def curve_runs(self) -> list[Run]:
        return [run for study in self.curves() for run in studies.runs_of(self.lab.ledger.reader, study.id)]

    def until_bought(self) -> Study:
        """Until the first curve is asked for."""
        for _ in range(40):
            self.ticks(1)
            if self.curves():
                return self.curves()[0]
        raise AssertionError("no curve was asked for")

    def _play(self, office: Office, now: datetime) -> None:
        if self.held or schedule.held(self.lab) is not None:
            return
        waiting = [r for r in schedule._waiting(self.lab) if not (self.studies_wait and r.study)]
        for run in waiting[: len(self.lab.devices)]:
            self.start(run)
            self.end(run)

    def _outcome(self, run: Run) -> Outcome:
        if self.broken(run):
            return Outcome(run.id, End.FAILED, reason="boom", total_seconds=1.0)
        change = self.changes.get(run.tree, Change())
        steps = int(run.budget.removesuffix("step"))
        compute = steps / 100 * change.flops
        own = random.Random(f"{run.tree}{run.slot}{run.budget}").gauss(0, 1)
        shared = random.Random(f"{run.slot}{run.budget}").gauss(0, 1)
        noise = shared + 0.05 * own if change.paired or run.tree not in self.changes else own
        metric = 0.6 + 0.4 * compute**-0.5 - change.gain + NOISE * noise
        return Outcome(run.id, End.SUCCEEDED, metric=metric, total_seconds=36.0, record=self._record(change, steps))

    def _record(self, change: Change, steps: int) -> dict[str, Any]:
        if not self.reports:
            return {"steps": steps}
        return {
            "steps": steps, "flops": 1e9 * steps * change.flops, "tokens": 1e4 * steps * change.tokens,
            "parameters": 5e4 * change.parameters, "timed_steps": steps, "train_seconds": 0.01 * steps * change.flops,
            "peak_memory_mb": 100.0 * change.parameters,
        }  # fmt: skip


BIGGER = Change(flops=1.3, parameters=1.3)  # a wider model under a token budget
MORE_COMPUTE = Change(flops=1.3)
FASTER = Change(flops=1.1, tokens=1.1)  # under a time budget
BETTER = Change(flops=1.1, parameters=1.1, gain=0.03)
