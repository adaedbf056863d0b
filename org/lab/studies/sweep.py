"""A sweep: values of recipe keys by Optuna at a short budget, on one seed, beside a few runs of the base. It is uncounted: it
keeps nothing, enters no pool and no verdict; it tells its agent what may be worth a proposal."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from org.agents.offline import recipe
from org.agents.offline import space as spaces
from org.agents.offline.recipe import Value
from org.lab import seeds
from org.lab.lab import Lab
from org.lab.studies import sweep_page
from org.lab.studies.kind import Finding, Wanted
from org.lab.studies.sweep_page import Result, Trial
from org.model.message import OFFICE
from org.model.message import Kind as Letter
from org.model.program import State as ProgramState
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import sigma
from org.store import atomic, mail, studies
from org.store.tables import AGENTS, PROGRAMS
from org.workspace import trees

BASE_RUNS = 4  # of the base, each on a seed of its own: what the spread at this budget is (as a screen's pool)
RANK = 9.0  # after everything that a verdict waits for; before what only fills idle devices


@dataclass(frozen=True, slots=True)
class Sweep:
    """One trial at a time, so that each is told of all before it. A trial that crashes is a bad value, not the end."""

    kind: Kind = Kind.SWEEP
    rank: float = RANK
    backfill: bool = False
    spares_failures: bool = True

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """The base first, then trial after trial."""
        plan, found = study.plan, result(lab, con, study)
        write_page(lab, con, study)
        if not studies.runs_of(con, study.id):
            base = [(number, seeds.sweep_seed(con, study.id, number)) for number in range(BASE_RUNS)]
            return [Wanted(plan["tree"], seed, number, budget=plan["budget"]) for number, seed in base]
        if found.base is None or len(found.trials) >= plan["trials"] or not _goes_on(con, study):
            return []
        chosen = _choose(study, found)
        if chosen is None:
            return []
        tree = tree_with(lab, plan["tree"], plan["path"], chosen)
        studies.remember(con, study, values=[*plan["values"], chosen], trees=[*plan["trees"], tree])
        number = BASE_RUNS + len(found.trials)
        return [Wanted(tree, seeds.sweep_seed(con, study.id, 0), number, budget=plan["budget"])]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """One letter with the best few; the page has all."""
        found, agent = result(lab, con, study), study.plan["agent"]
        said = sweep_page.subject(study, found)
        atomic.write_text(lab.layout.page(study.id), sweep_page.page(replace(study, reason=said), found))
        if AGENTS.find(con, agent) is not None:
            mail.post(
                con, OFFICE, agent, Letter.NOTE, said, sweep_page.letter(study, found), now,
                refs=(study.id, study.subject), id=f"sweep-{study.id}",
            )  # fmt: skip
        best = [{"values": dict(t.values), "gain": t.gain, "in_sigma": found.in_sigma(t)} for t in found.best]
        outcome = {"base": found.base, "sigma": found.sigma, "trials": len(found.trials), "best": best}
        return Finding(said, outcome, failed=found.base is None)


def result(lab: Lab, con: sqlite3.Connection, study: Study) -> Result:
    """What its runs say so far."""
    newest = {run.slot: run for run in studies.runs_of(con, study.id)}  # the newest attempt of each
    base = [r.metric for number in range(BASE_RUNS) if (r := newest.get(number)) is not None and r.metric is not None]
    first = newest.get(0)
    anchor = first.metric if first is not None else None
    spread, df = sigma.pooled([base])
    trials = [_trial(lab, number, values, newest.get(BASE_RUNS + number), anchor) for number, values in _begun(study)]
    return Result(lab.config.task.metric, anchor, spread if df else None, len(base), tuple(trials))


def write_page(lab: Lab, con: sqlite3.Connection, study: Study) -> None:
    """The page as of now, beside the notebook's."""
    atomic.write_text(lab.layout.page(study.id), sweep_page.page(study, result(lab, con, study)))


def tree_with(lab: Lab, tree: str, path: str, values: Mapping[str, Value]) -> str:
    """The tree with these values in its recipe."""
    blob = trees.blob_at(lab.git, tree, path)
    assert blob is not None
    text = trees.text(lab.git, blob)
    for key, value in values.items():
        text = recipe.edit(text, key, value)
    return trees.overlay(lab.git, tree, {path: trees.store(lab.git, text, blob.mode)})


def _begun(study: Study) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(study.plan["values"]))


def _trial(lab: Lab, number: int, values: Mapping[str, Value], run: Run | None, anchor: float | None) -> Trial:
    known = run is not None and run.metric is not None and anchor is not None
    gain = lab.sign * (anchor - run.metric) if known else None  # type: ignore[union-attr,operator]
    return Trial(number + 1, values, run, gain)


def _choose(study: Study, found: Result) -> dict[str, Value] | None:
    # Optuna takes a second to import; of all that loads this file only an office with a sweep needs it.
    from org.agents.offline import search

    space = spaces.parse(study.plan["space"], study.subject)
    points = [search.Point(trial.values, trial.gain) for trial in found.trials]
    return search.propose(space, study.plan["head"], points, seed=int(study.id[1:]) * 1000 + len(points))


def _goes_on(con: sqlite3.Connection, study: Study) -> bool:
    """While the program takes results."""
    return PROGRAMS.get(con, study.subject).state is not ProgramState.CLOSED
