"""Of an experiment that was opened again only its last race speaks; a verdict of another task is told from one of today's."""

from datetime import UTC, datetime

from org.model.pool import Pool
from org.model.run import Purpose, Run, State
from org.store import reads
from org.store.ledger import Ledger
from org.store.tables import POOLS, RUNS

NOW = datetime(2030, 1, 2, tzinfo=UTC)


def raced(book: Ledger, *runs: tuple[int, int, float | None]) -> None:
    """(pool, slot, metric) of each, oldest first."""
    book.reader.execute("PRAGMA foreign_keys = OFF")
    with book.transaction() as tx:
        for number, (pool, slot, metric) in enumerate(runs, start=8):
            state = State.FAILED if metric is None else State.SUCCEEDED
            RUNS.insert(tx, Run(
                f"R{number}", Purpose.RACE, state, "tree", 1, slot, 0, None, "1step", NOW, experiment="E1", pool=pool,
                metric=metric,
            ))  # fmt: skip


def test_the_runs_of_an_earlier_race_do_not_mix_with_those_of_the_last(book: Ledger) -> None:
    raced(book, (1, 0, 1.0), (1, 1, 1.1), (1, 2, 1.2), (2, 0, 2.0), (2, 1, 2.1))
    assert reads.race_values(book.reader) == {"E1": (2.0, 2.1)}
    assert [run.metric for run in reads.last_race(book.reader, "E1")] == [2.0, 2.1]


def test_a_race_that_started_over_and_has_no_value_yet_has_none(book: Ledger) -> None:
    raced(book, (1, 0, 1.0), (2, 0, None))
    assert reads.race_values(book.reader, ["E1"]) == {}


def test_of_several_attempts_at_a_seed_the_last_valid_one_speaks(book: Ledger) -> None:
    raced(book, (1, 0, 1.0), (1, 0, 1.5), (1, 0, None))
    assert reads.race_values(book.reader, ["E1", "E2"]) == {"E1": (1.5,)}


def pooled(book: Ledger, *pools: tuple[str, str, Purpose]) -> None:
    """(budget, environment, purpose of its one run) of each pool of the first rung, oldest first."""
    book.reader.execute("PRAGMA foreign_keys = OFF")
    with book.transaction() as tx:
        for id, (budget, environment, purpose) in enumerate(pools, start=1):
            POOLS.insert(tx, Pool(id, f"key {id}", "tree", 0, budget, environment, "card", NOW))
            RUNS.insert(tx, Run(f"R{id}", purpose, State.QUEUED, "tree", 1, 0, 0, None, budget, NOW, pool=id))


def test_the_pool_of_a_screen_makes_no_verdict_one_of_another_task(book: Ledger) -> None:
    pooled(book, ("400step", "today's", Purpose.POOL), ("100step", "today's", Purpose.SCREEN_POOL))
    assert not reads.is_outdated(book.reader, 1)


def test_a_newer_race_of_another_task_makes_a_verdict_outdated_though_a_screen_came_after_it(book: Ledger) -> None:
    pooled(
        book, ("400step", "of then", Purpose.POOL), ("400step", "today's", Purpose.RACE), ("100step", "today's", Purpose.SCREEN)
    )  # fmt: skip
    assert [reads.is_outdated(book.reader, pool) for pool in (1, 2)] == [True, False]
