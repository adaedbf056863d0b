"""`org explain`: a verdict that a person can check by hand."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from played import Played, crash

from org.lab.verdicts import explain, judge
from org.model.experiment import State
from org.store.tables import POOLS

Say = Callable[..., Result]


def settle(lab: Played, *ids: str, ticks: int = 60) -> None:
    for _ in range(ticks):
        if lab.settled(*ids)():
            return
        lab.ticks(1)
    raise AssertionError([(lab.experiment(id).state, lab.experiment(id).reason) for id in ids])


def page(lab: Played, id: str) -> explain.Page:
    return explain.of(lab.lab, lab.lab.ledger.reader, id, lab.now())


def test_a_keep_is_explained_with_every_run_and_the_recorded_numbers(played: Played, say: Say) -> None:
    made = played.change("junior-1", 0.05, lr=0.3)
    settle(played, made.id)
    found = page(played, made.id)
    assert found.experiment.state is State.MERGED and found.restored and found.explanation is not None
    decision = played.experiment(made.id).decision
    assert found.explanation.decision.e == pytest.approx(decision["e"]) and found.looks[-1].met
    runs = {row.run: row for row in found.rows if row.arm == "candidate"}
    assert {r.id: r.seed for r in played.runs(made.id) if r.purpose.value == "race"} == {id: r.seed for id, r in runs.items()}
    text = say(played, "explain", made.id).output
    for run in played.runs(made.id):
        if run.purpose.value == "race":
            assert run.id in text and str(run.seed) in text and f"{run.metric:.7g}" in text and "cpu:0" in text
    assert f"{decision['e']:.4g}" in text and "e_pool" in text and "e_pair" in text and "A keep needs e ≥ 200" in text
    assert "times what was needed" in text


def test_a_discard_says_which_bar_it_missed_and_by_how_much(played: Played, say: Say) -> None:
    made = played.change("junior-1", -0.05, lr=0.3)
    settle(played, made.id)
    found = page(played, made.id)
    assert found.looks[-1].verdict == "discard" and not found.looks[-1].met and found.looks[-1].bar == 1.0
    assert found.explanation is not None and found.explanation.outlook.missed_by is not None
    assert "would have kept the race open" in say(played, "explain", made.id).output


def test_the_pool_is_taken_as_it_was_at_the_last_look(played: Played, fill: Callable[[Played], None]) -> None:
    made = played.change("junior-1", -0.05, lr=0.3)
    settle(played, made.id)
    before = page(played, made.id)
    played.clock += timedelta(seconds=1)
    fill(played)
    con = played.lab.ledger.reader
    pool = POOLS.get(con, played.experiment(made.id).pool)
    assert sum(v is not None for v in judge.pools.values(played.lab, con, pool.id)) > before.looks[-1].base_runs
    played.clock += timedelta(hours=1)
    after = page(played, made.id)
    assert after.restored and after.explanation is not None and before.explanation is not None
    assert after.explanation.decision.e == before.explanation.decision.e


def test_runs_that_did_not_count_are_on_the_page_with_their_reason(played: Played, say: Say) -> None:
    made = played.change("junior-1", 0.05, lr=0.3)
    played.ends = lambda run: crash(run, "out of memory") if run.experiment == made.id and run.attempt == 1 and run.slot == 0 \
        and run.tree == made.run_tree else None  # fmt: skip
    settle(played, made.id)
    assert "failed out of memory" in say(played, "explain", made.id).output


def test_before_its_first_run_there_is_nothing_to_explain(played: Played, say: Say) -> None:
    made = played.change("junior-1", 0.05, lr=0.3)
    assert "no run of a race yet" in say(played, "explain", made.id).output
    told = json.loads(say(played, "explain", made.id, "--json").output)
    assert told["experiment"]["id"] == made.id and told["explanation"] is None
