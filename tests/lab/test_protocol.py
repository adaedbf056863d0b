"""The whole protocol on a real task: propose → runs → race → verdict → merge → new pool → page and messages → fresh seeds."""

from datetime import UTC, datetime

import pytest
from laboratory import Laboratory

from org.lab.merging import headline
from org.model.errors import Refused
from org.model.experiment import State
from org.model.run import Purpose
from org.store import mail, reads
from org.store.tables import MERGES, POOLS, PROGRAMS, RUNS, SLOTS
from org.workspace import refs


def test_a_kept_experiment_moves_the_head(kept: Laboratory) -> None:
    after = kept.experiment("E1")
    assert after.state is State.MERGED, after.reason
    assert after.gain is not None and after.gain > 0
    program = PROGRAMS.get(kept.lab.ledger.reader, "free")
    assert program.head_commit == after.merged_commit != program.root_commit
    assert refs.head(kept.lab.git, "org/test/program/free") == program.head_commit
    assert "lr: 0.9" in kept.lab.git.run("show", f"{program.head_commit}:fit/recipe.yaml")


def test_a_worse_change_is_discarded_after_one_run(measured: Laboratory) -> None:
    made = measured.recipe("junior-1", degree=0)
    measured.until(measured.settled(made.id))
    after = measured.experiment(made.id)
    assert after.state is State.DISCARDED
    assert after.decision["candidate_runs"] == 1
    assert not MERGES.select(measured.lab.ledger.reader)


def test_a_change_without_effect_is_discarded_as_such(measured: Laboratory) -> None:
    made = measured.recipe("junior-1", unused=2)
    measured.until(measured.settled(made.id))
    after = measured.experiment(made.id)
    assert after.state is State.DISCARDED
    assert after.decision["cause"] == "no_effect"


def test_the_verdict_is_told_once_and_stands_on_the_page(measured: Laboratory) -> None:
    made = measured.recipe("junior-1", degree=0)
    measured.until(measured.settled(made.id))
    measured.tick()
    letters = [m for m in mail.of_reader(measured.lab.ledger.reader, "junior-1") if m.kind == "verdict"]
    assert [m.refs for m in letters] == [(made.id,)]
    page = measured.lab.layout.page(made.id).read_text()
    assert "Discarded" in page and "because it may help" in page


def test_the_new_head_gets_a_pool_with_three_fresh_seeds(kept: Laboratory) -> None:
    con = kept.lab.ledger.reader
    tree = MERGES.select(con)[0].tree
    pool = POOLS.select(con, "WHERE tree = ?", tree)[0]
    kept.until(lambda: SLOTS.count(con, "WHERE pool = ?", pool.id) == 8)
    slots = SLOTS.select(con, "WHERE pool = ?", pool.id)
    assert sum(not s.fresh for s in slots) >= 2
    assert sum(s.fresh for s in slots) >= 3
    assert None not in reads.pool_values(con, pool.id, 8)


def test_a_change_of_model_code_changes_the_metric(measured: Laboratory) -> None:
    measured.edit("junior-1", {"fit/model.py": lambda text: text.replace("x**power", "np.cos(power * x)")})
    made = measured.propose("junior-1", "cosine features")
    measured.until(measured.settled(made.id))
    run = reads.candidate_runs(measured.lab.ledger.reader, made.id)[0]
    base = reads.pool_values(measured.lab.ledger.reader, made.pool or 1, 8)
    assert run.metric is not None and run.metric not in base


def test_when_the_head_moved_the_change_is_rebased_and_re_checked(fit: Laboratory) -> None:
    first = fit.recipe("junior-1", lr=0.9)
    second = fit.recipe("junior-2", degree=5)
    fit.until(fit.settled(first.id, second.id), seconds=300)
    one, two = fit.experiment(first.id), fit.experiment(second.id)
    assert one.state is State.MERGED
    assert two.state in (State.MERGED, State.NOT_MERGED, State.DISCARDED)
    if two.state is State.MERGED:
        recipe = fit.lab.git.run("show", f"{two.merged_commit}:fit/recipe.yaml")
        assert "lr: 0.9" in recipe and "degree: 5" in recipe


def test_without_a_merge_there_is_no_head_to_run_beside_the_root(measured: Laboratory) -> None:
    with pytest.raises(Refused, match="nothing was merged"):
        headline.ask(measured.lab, "free", 2, datetime.now(UTC))


def test_head_and_root_run_on_the_same_seeds_that_selected_nothing(kept: Laboratory) -> None:
    headline.ask(kept.lab, "free", 2, datetime.now(UTC))
    con = kept.lab.ledger.reader
    kept.until(lambda: RUNS.count(con, "WHERE purpose = 'fresh' AND state = 'succeeded'") == 4)
    used = {r.seed for r in RUNS.select(con, "WHERE purpose != 'fresh'")}
    fresh = RUNS.select(con, "WHERE purpose = ?", Purpose.FRESH.value)
    assert len({r.seed for r in fresh}) == 2 and not used & {r.seed for r in fresh}
    pairs = reads.fresh_pairs(con, "free", kept.experiment("E1").base_tree, reads.merges(con)[-1].tree)
    assert len(pairs) == 2 and all(head < root for root, head in pairs)
