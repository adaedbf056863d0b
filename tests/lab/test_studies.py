"""The loop of studies: rounds of runs, repeats of what did not count, one conclusion."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from played import Played

from org.lab.lab import Lab
from org.lab.studies import engine
from org.lab.studies.kind import Finding, Wanted
from org.model.run import Run
from org.model.run import State as RunState
from org.model.study import Kind, State, Study
from org.store import runs, studies
from org.store.tables import EVENTS, STUDIES

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class TwoRounds:
    """One run, then two, then their mean."""

    kind: Kind = Kind.NOISE
    rank: float = 1.0
    backfill: bool = False

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        counts = {0: 1, 1: 2}
        return [Wanted(study.plan["tree"], 100 + len(values) + i) for i in range(counts.get(len(values), 0))]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        mean = sum(r.metric or 0.0 for r in values) / len(values)
        return Finding(f"the mean is {mean:g}", {"mean": mean})


KINDS = {Kind.NOISE: TwoRounds()}


def opened(lab: Played) -> Study:
    tree = lab.lab.git.run("rev-parse", "HEAD^{tree}").strip()
    with lab.lab.ledger.transaction() as tx:
        return studies.ask(tx, Kind.NOISE, "pool-1", "me", NOW, tree=tree)


def end(lab: Played, run: Run, metric: float | None, event: str = "succeed") -> None:
    from org.model.run import Event

    with lab.lab.ledger.transaction() as tx:
        runs.move(tx, run.id, Event.START, NOW, device="cpu:0")
        runs.move(tx, run.id, Event(event), NOW, "it broke" if metric is None else "", metric=metric, finished_at=NOW)


def waiting(lab: Played, study: Study) -> list[Run]:
    return studies.outstanding_of(lab.lab.ledger.reader, study.id)


def test_a_study_asks_in_rounds_and_concludes_once(played: Played) -> None:
    study = opened(played)
    for metrics in ((1.0,), (2.0, 3.0)):
        assert engine.step(played.lab, NOW, KINDS) == []
        assert engine.step(played.lab, NOW, KINDS) == [], "what is asked for is not asked for again"
        for run, metric in zip(waiting(played, study), metrics, strict=True):
            end(played, run, metric)
    assert engine.step(played.lab, NOW, KINDS) == [study.id]
    settled = STUDIES.get(played.lab.ledger.reader, study.id)
    assert (settled.state, settled.outcome, settled.reason) == (State.DONE, {"mean": 2.0}, "the mean is 2")
    assert engine.step(played.lab, NOW, KINDS) == []
    assert EVENTS.count(played.lab.ledger.reader, "WHERE kind = 'study.done'") == 1


def test_a_study_that_cannot_be_advanced_is_not_in_the_way_of_the_next(played: Played) -> None:
    with played.lab.ledger.transaction() as tx:
        studies.ask(tx, Kind.NOISE, "pool-0", "me", NOW)  # of no tree
    study = opened(played)
    with pytest.raises(KeyError, match="tree"):
        engine.step(played.lab, NOW, KINDS)
    assert len(waiting(played, study)) == 1


def test_a_crashed_run_is_run_once_more_on_its_seed_then_the_study_fails(played: Played) -> None:
    study = opened(played)
    engine.step(played.lab, NOW, KINDS)
    first = waiting(played, study)[0]
    end(played, first, None, "fail")
    engine.step(played.lab, NOW, KINDS)
    second = waiting(played, study)[0]
    assert (second.seed, second.attempt, second.study) == (first.seed, 2, study.id)
    end(played, second, None, "fail")
    assert engine.step(played.lab, NOW, KINDS) == [study.id]
    settled = STUDIES.get(played.lab.ledger.reader, study.id)
    assert settled.state is State.FAILED and settled.reason == "crash: it broke"


def test_the_same_question_is_one_study_while_it_is_open(played: Played) -> None:
    assert opened(played).id == opened(played).id
    with played.lab.ledger.transaction() as tx:
        engine.cancel(tx, studies.open_(tx)[0], "not needed", NOW)
    assert opened(played).id == "S2"


def test_a_cancelled_study_leaves_no_run_waiting(played: Played) -> None:
    study = opened(played)
    engine.step(played.lab, NOW, KINDS)
    with played.lab.ledger.transaction() as tx:
        assert engine.cancel(tx, study, "not needed", NOW) == []
    assert waiting(played, study) == []
    assert [r.state for r in studies.runs_of(played.lab.ledger.reader, study.id)] == [RunState.CANCELLED]
