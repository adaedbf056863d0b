"""A change that waits for its merge while the task, its environment or its head become another."""

from datetime import UTC, datetime

import pytest
from heads_of import Heads
from laboratory import Laboratory
from played import better, set_rung

from org.lab import requests as lab_requests
from org.model.experiment import State
from org.model.run import Purpose
from org.model.study import Kind
from org.store import meta, requests, studies
from org.store.tables import REQUESTS, STUDIES


@pytest.mark.parametrize("what", ["task", "environment"])
def test_a_queued_change_whose_head_stands_still_is_checked_again_in_todays_task(played: Heads, what: str) -> None:
    played.effects["lr", 0.3] = 0.1
    id = better(played, lr=0.3)
    if what == "task":
        set_rung(played, run_budget="300step")
    else:
        with played.lab.ledger.transaction() as tx:
            meta.put(tx, "environment", "another")
    played.held = True
    played.ticks(3)
    assert played.experiment(id).state is State.QUEUED, "its runs are of another task than today's"
    played.held = False
    played.run_until(lambda: not played.experiment(id).is_open)
    after = played.experiment(id)
    rechecks = [r for r in played.runs(id) if r.purpose is Purpose.RECHECK]
    assert after.state is State.MERGED and [r.slot for r in rechecks] == [0, 1, 2, 3]
    assert {r.pool for r in rechecks} == {after.pool}


def test_what_is_no_longer_better_in_todays_task_is_not_merged(played: Heads) -> None:
    played.effects["lr", 0.3] = 0.1
    id = better(played, lr=0.3)
    set_rung(played, run_budget="300step")
    played.effects["lr", 0.3] = 0.0
    played.run_until(lambda: not played.experiment(id).is_open)
    after = played.experiment(id)
    assert after.state is State.NOT_MERGED and "not better enough" in after.reason


def test_real_runs_merge_stack_ablate_and_revert(fit: Laboratory) -> None:
    """The whole way on the one-second task: three better values, the lab's head, what carries it, and out again."""

    def ask(verb: str, **args: object) -> str:
        with fit.lab.ledger.transaction() as tx:
            made = requests.ask(tx, verb, "human", datetime.now(UTC), **args)
        lab_requests.step(fit.lab, datetime.now(UTC))
        return REQUESTS.get(fit.lab.ledger.reader, made.id).answer

    def settle(kind: Kind, subject: str) -> dict[str, object]:
        con = fit.lab.ledger.reader
        study = studies.of_subject(con, kind, subject)[-1].id
        fit.until(lambda: STUDIES.get(con, study).state.value != "open")
        fit.tick()
        found = STUDIES.get(con, study)
        assert found.state.value == "done", found.reason
        return found.outcome | {"reason": found.reason}

    made = fit.recipe("junior-1", lr=0.9, unused=2)
    fit.until(fit.settled(made.id))
    assert fit.experiment(made.id).state is State.MERGED, fit.experiment(made.id).reason
    assert ask("ablate", experiment=made.id, marks=[]).startswith("S")
    parts = {row["name"]: row["role"] for row in settle(Kind.ABLATION, made.id)["parts"]}  # type: ignore[attr-defined]
    assert parts == {"lr": "carries the gain", "unused": "does nothing: could be dropped (simplify)"}
    assert "to be measured together" in ask("stack", programs=[], why="")
    entered = settle(Kind.STACK, made.id)
    assert entered["taken"] == [made.id] and float(str(entered["gain"])) > 0
    assert "of free and the lab" in ask("revert", experiment=made.id, why="a test")
    told = [s.id for s in studies.of_subject(fit.lab.ledger.reader, Kind.REVERT, made.id)]
    fit.until(lambda: all(STUDIES.get(fit.lab.ledger.reader, id).state.value != "open" for id in told))
    assert "it carried a gain that is lost now" in STUDIES.get(fit.lab.ledger.reader, told[0]).reason
