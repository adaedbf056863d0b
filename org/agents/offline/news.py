"""What changed in the ledger about one author's experiments, as lines for the pane. The state at the start is no news."""

import sqlite3
from dataclasses import dataclass

from org.agents.offline import verdicts
from org.agents.offline.pane import Mark, bar
from org.model.experiment import Experiment, State
from org.model.run import OUTSTANDING, Purpose, Run
from org.model.run import State as RunState
from org.runs import progress
from org.store import runs
from org.store.layout import Layout
from org.store.tables import EXPERIMENTS

GOOD = frozenset({State.BETTER, State.QUEUED, State.MERGED, State.CONFIRMED, State.CERTIFIED})
ARMS = {Purpose.RACE: "candidate", Purpose.POOL: "base", Purpose.RECHECK: "re-check", Purpose.FRESH: "fresh",
        Purpose.SCREEN: "screen", Purpose.SCREEN_POOL: "screen base", Purpose.STUDY: "study"}  # fmt: skip
STEPS: dict[State, str] = {
    State.PROPOSED: "waits for its review",
    State.APPROVED: "was approved; its first run waits for a device",
    State.SCREENING: "is screened with a short run",
    State.RACING: "races",
    State.REOPENED: "was reopened and races again",
}


@dataclass(frozen=True, slots=True)
class Line:
    mark: Mark
    text: str


class News:
    """Remembers what it has told; start it from the ledger, ask it after every change."""

    def __init__(self, con: sqlite3.Connection, author: str) -> None:
        self._author = author
        self._states: dict[str, State] = {}
        self._runs: dict[str, RunState] = {}
        self.fresh(con)

    def fresh(self, con: sqlite3.Connection) -> list[Line]:
        """The lines since the last call, runs before the verdict that they led to."""
        mine = by_author(con, self._author)
        lines: list[Line] = []
        for experiment in mine:
            was = self._states.get(experiment.id)
            if experiment.is_open or was is not experiment.state:
                lines += self._of_runs(experiment, runs.of_experiment(con, experiment.id))
            if was is not experiment.state:
                lines.append(_moved(experiment))
                self._states[experiment.id] = experiment.state
        return lines

    def _of_runs(self, experiment: Experiment, found: list[Run]) -> list[Line]:
        changed = [run for run in found if self._runs.get(run.id) is not run.state]
        self._runs |= {run.id: run.state for run in changed}
        return [_ran(experiment, run) for run in changed if run.state is not RunState.QUEUED]


def by_author(con: sqlite3.Connection, author: str) -> list[Experiment]:
    return EXPERIMENTS.select(con, "WHERE author = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", author)


def live(con: sqlite3.Connection, layout: Layout, author: str) -> str:
    """The running run of the author's experiments as one line with a bar; empty when none runs."""
    mine = {e.id for e in by_author(con, author) if e.is_open}
    running = [run for run in runs.in_state(con, RunState.RUNNING) if run.experiment in mine]
    if not running:
        return ""
    run = running[0]
    more = f"  (+{len(running) - 1} more)" if len(running) > 1 else ""
    at = progress.read(layout.run(run.id))
    if at is None:
        return f"{run.id} {run.experiment} {bar(0, 1)} starts on {run.device or 'a device'}{more}"
    loss = f"  loss {at.loss:.4f}" if at.loss is not None else ""
    done = bar(round(100 * at.share(run.budget)), 100)
    return f"{run.id} {run.experiment} {done} {at.words(run.budget)}{loss}{more}"


def _moved(experiment: Experiment) -> Line:
    step = STEPS.get(experiment.state)
    if step is not None:
        return Line(Mark.RUN, f"{experiment.id} {step}")
    mark = Mark.GOOD if experiment.state in GOOD else Mark.BAD
    predicted = experiment.predicted_gain
    compared = f"\npredicted gain {predicted:.2g}, measured {experiment.gain:.2g}" if predicted and experiment.gain else ""
    return Line(mark, f"{verdicts.sentence(experiment)}{compared}")


def _ran(experiment: Experiment, run: Run) -> Line:
    where = f" on {run.device}" if run.device else ""
    what = f"{run.id} {experiment.id} {ARMS[run.purpose]} seed {run.slot + 1}"
    if run.state in OUTSTANDING:
        return Line(Mark.RUN, f"{what} runs{where}")
    value = f"metric {run.metric:.5f}" if run.metric is not None else run.reason
    seconds = f" in {run.total_seconds:.0f} s" if run.total_seconds else ""
    return Line(Mark.RUN, f"{what} {run.state.value}{where}{seconds}: {value}")
