"""A played laboratory in which a change may gain something else on every rung."""

from dataclasses import dataclass, field

from played import Played, value

from org.lab.rungs import ladder
from org.model.experiment import Experiment, State
from org.model.run import Run
from org.model.study import Study
from org.runs.spec import End, Outcome
from org.store.tables import STUDIES

LADDER = "ladder: [{run_budget: 100step}, {run_budget: 300step, pool: 4}, {run_budget: 900step, pool: 8}]"
PROTOCOL = "protocol: {promote: human}\n"
SECONDS = {0: 36.0, 1: 90.0, 2: 360.0}


@dataclass
class Climbing(Played):
    """there: (rung, run tree) → how much better than 1 there; without an entry, as on the first rung. broken: rungs on
    which a tree crashes."""

    there: dict[tuple[int, str], float] = field(default_factory=dict)
    broken: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ends = self._end

    def merged(self, gain: float, agent: str = "junior-1", **recipe: object) -> Experiment:
        """A change that is better by so much than the root, merged."""
        made = self.change(agent, gain, **recipe)
        for _ in range(80):
            if self.settled(made.id)():
                break
            self.ticks(1)
        assert self.experiment(made.id).state is State.MERGED, self.experiment(made.id).reason
        return self.experiment(made.id)

    def play(self, ticks: int = 40) -> list[Study]:
        """Tick until no promotion runs. Returns all promotions."""
        for _ in range(ticks):
            if not [s for s in ladder.open_(self.lab.ledger.reader) if s.plan["agreed"]]:
                break
            self.ticks(1)
        return self.promotions()

    def promotions(self) -> list[Study]:
        return STUDIES.select(self.lab.ledger.reader, "WHERE kind = 'rung' ORDER BY CAST(substr(id, 2) AS INTEGER)")

    def _end(self, run: Run) -> Outcome:
        if (run.rung, run.tree) in self.broken:
            return Outcome(run.id, End.FAILED, reason="out of memory", total_seconds=1.0)
        gains = {run.tree: self.there.get((run.rung, run.tree), self.gains.get(run.tree, 0.0))}
        return Outcome(run.id, End.SUCCEEDED, metric=value(run, gains), total_seconds=SECONDS[run.rung])
