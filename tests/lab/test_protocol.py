"""The whole protocol on a real task: propose → runs → race → verdict → merge → new pool → page and messages."""

from laboratory import Laboratory

from org.model.experiment import State
from org.store import mail, reads
from org.store.tables import MERGES, POOLS, PROGRAMS, SLOTS
from org.workspace import refs


def test_a_kept_experiment_moves_the_head(fit: Laboratory) -> None:
    before = PROGRAMS.get(fit.lab.ledger.reader, "free").head_commit
    made = fit.recipe("junior-1", lr=0.9)
    fit.until(fit.settled(made.id))
    after = fit.experiment(made.id)
    assert after.state is State.MERGED, after.reason
    assert after.gain is not None and after.gain > 0
    program = PROGRAMS.get(fit.lab.ledger.reader, "free")
    assert program.head_commit == after.merged_commit != before
    assert refs.head(fit.lab.git, "org/test/program/free") == program.head_commit
    assert "lr: 0.9" in fit.lab.git.run("show", f"{program.head_commit}:fit/recipe.yaml")


def test_a_worse_change_is_discarded_after_one_run(fit: Laboratory) -> None:
    made = fit.recipe("junior-1", degree=0)
    fit.until(fit.settled(made.id))
    after = fit.experiment(made.id)
    assert after.state is State.DISCARDED
    assert after.decision["candidate_runs"] == 1
    assert not MERGES.select(fit.lab.ledger.reader)


def test_a_change_without_effect_is_discarded_as_such(fit: Laboratory) -> None:
    made = fit.recipe("junior-1", unused=2)
    fit.until(fit.settled(made.id))
    after = fit.experiment(made.id)
    assert after.state is State.DISCARDED
    assert after.decision["cause"] == "no_effect"


def test_the_verdict_is_told_once_and_stands_on_the_page(fit: Laboratory) -> None:
    made = fit.recipe("junior-1", degree=0)
    fit.until(fit.settled(made.id))
    fit.tick()
    letters = [m for m in mail.of_reader(fit.lab.ledger.reader, "junior-1") if m.kind == "verdict"]
    assert [m.refs for m in letters] == [(made.id,)]
    page = fit.lab.layout.page(made.id).read_text()
    assert "Discarded" in page and "because it may help" in page


def test_the_new_head_gets_a_pool_with_three_fresh_seeds(fit: Laboratory) -> None:
    made = fit.recipe("junior-1", lr=0.9)
    fit.until(fit.settled(made.id))
    tree = MERGES.select(fit.lab.ledger.reader)[0].tree
    pool = POOLS.select(fit.lab.ledger.reader, "WHERE tree = ?", tree)[0]
    fit.until(lambda: SLOTS.count(fit.lab.ledger.reader, "WHERE pool = ?", pool.id) == 8)
    slots = SLOTS.select(fit.lab.ledger.reader, "WHERE pool = ?", pool.id)
    assert sum(not s.fresh for s in slots) >= 2
    assert sum(s.fresh for s in slots) >= 3
    assert None not in reads.pool_values(fit.lab.ledger.reader, pool.id, 8)


def test_a_change_of_model_code_changes_the_metric(fit: Laboratory) -> None:
    fit.edit("junior-1", {"fit/model.py": lambda text: text.replace("x**power", "np.cos(power * x)")})
    made = fit.propose("junior-1", "cosine features")
    fit.until(fit.settled(made.id))
    run = reads.candidate_runs(fit.lab.ledger.reader, made.id)[0]
    base = reads.pool_values(fit.lab.ledger.reader, made.pool or 1, 8)
    assert run.metric is not None and run.metric not in base


def test_when_the_head_moved_the_change_is_rebased_and_re_checked(fit: Laboratory) -> None:
    first = fit.recipe("junior-1", lr=0.9)
    second = fit.recipe("junior-2", degree=5)
    fit.until(fit.settled(first.id, second.id), seconds=120)
    one, two = fit.experiment(first.id), fit.experiment(second.id)
    assert one.state is State.MERGED
    assert two.state in (State.MERGED, State.NOT_MERGED, State.DISCARDED)
    if two.state is State.MERGED:
        recipe = fit.lab.git.run("show", f"{two.merged_commit}:fit/recipe.yaml")
        assert "lr: 0.9" in recipe and "degree: 5" in recipe
