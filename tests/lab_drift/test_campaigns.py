"""Campaigns of changes without any effect on a device that becomes one σ better by itself, and devices that repeat runs bit
by bit, or only say so."""

from collections.abc import Callable
from dataclasses import replace

from drifter import SIGMA, Drifter

from org.lab import pools
from org.lab.drift import freezing
from org.lab.studies import sentinel
from org.model.experiment import State
from org.model.run import Purpose
from org.store import reads
from org.store.tables import EVENTS, POOLS, RUNS

BEFORE, AFTER = 4, 26  # tries before the shift, and at most after it
ON_CPU = {"device": "cpu"}


def fill(lab: Drifter, pool: int | None) -> None:
    """As a lab that idles a little does."""
    with lab.lab.ledger.transaction() as tx:
        pools.queue_runs(lab.lab, tx, POOLS.get(tx, pool), 8 - len(lab.pool(pool)), lab.now(), None)
    lab.until(lambda: len(lab.pool(pool)) == 8)


def campaign(lab: Drifter, done: Callable[[Drifter], bool]) -> list[str]:
    """Null changes, with a shift of 1σ among them, until done. Returns what stands as better at the end."""
    tried = [lab.try_() for _ in range(BEFORE)]
    fill(lab, tried[0].pool)
    lab.shift = SIGMA
    while not done(lab) and len(tried) < BEFORE + AFTER:
        tried.append(lab.try_())
        lab.ticks(3)
    lab.until(lambda: freezing.now(lab.lab.ledger.reader) is None and lab.settled(*(e.id for e in tried))())
    return [e.id for e in tried if lab.experiment(e.id).state is State.MERGED]


def test_without_sentinels_a_better_device_gets_a_change_without_effect_into_the_head(labs: Callable[..., Drifter]) -> None:
    lab = labs(every_tries=10**6)
    standing = campaign(lab, lambda lab: reads.merged_count(lab.lab.ledger.reader) > 0)
    assert standing, "the stale pool makes every change look one σ better"


def test_with_sentinels_it_is_found_measured_anew_and_raced_again(labs: Callable[..., Drifter]) -> None:
    lab = labs(every_tries=1)
    standing = campaign(lab, lambda lab: EVENTS.count(lab.lab.ledger.reader, "WHERE kind = 'drift.alarm'") > 0)
    con = lab.lab.ledger.reader
    assert reads.merged_count(con) > 0, "the same change was merged before the sum was sure"
    assert EVENTS.count(con, "WHERE kind = 'drift.alarm'") == EVENTS.count(con, "WHERE kind = 'drift.lifted'") == 1
    assert "add up to better" in next(s for s in lab.sentinels() if s.outcome["alarm"]).reason
    assert standing == [], "raced against runs of its own time, nothing of it holds"


def exact(lab: Drifter) -> Drifter:
    lab.record = dict(ON_CPU)
    return lab


def test_where_runs_repeat_bit_by_bit_a_sentinel_repeats_a_seed_of_the_pool(labs: Callable[..., Drifter]) -> None:
    lab = exact(labs())
    lab.try_(), lab.try_()
    first = lab.until_sentinel(1)
    con = lab.lab.ledger.reader
    run, repeated = RUNS.get(con, first.outcome["run"]), RUNS.get(con, first.plan["run"])
    assert (run.seed, run.metric) == (repeated.seed, repeated.metric) and run.purpose is Purpose.STUDY
    assert first.reason == "the sentinel repeats its seed bit by bit"
    lab.shift = 1e-9  # no z would ever see it
    lab.try_(), lab.try_()
    lab.until_sentinel(2)
    assert lab.sentinels()[1].outcome["alarm"] and "repeats runs bit by bit" in lab.sentinels()[1].reason
    lab.until(lambda: freezing.now(con) is None)
    assert EVENTS.count(con, "WHERE kind = 'experiment.reopened'") == 2
    assert not EVENTS.count(con, "WHERE kind = 'drift.inexact'")


def test_a_device_that_only_says_so_is_found_out_and_judged_by_z_from_then_on(labs: Callable[..., Drifter]) -> None:
    lab = exact(labs())
    lab.jitter = 1e-6
    lab.try_(), lab.try_()
    first = lab.until_sentinel(1)
    con = lab.lab.ledger.reader
    assert freezing.now(con) is None and "does not repeat runs bit by bit" in first.reason and not first.outcome["alarm"]
    assert EVENTS.count(con, "WHERE kind = 'drift.inexact'") == 1 and RUNS.count(con, "WHERE study = ?", first.id) == 2
    lab.try_(), lab.try_()
    second = lab.until_sentinel(2)
    assert second.plan["slot"] is None and not second.outcome["alarm"]


def test_one_that_only_says_so_and_drifts_far_gives_the_alarm_all_the_same(labs: Callable[..., Drifter]) -> None:
    lab = exact(labs())
    lab.jitter = 1e-6
    fill(lab, lab.try_().pool)
    lab.shift = -8 * SIGMA
    lab.try_()
    assert lab.until_sentinel(1).outcome["alarm"]


def test_a_budget_of_seconds_is_never_held_to_repeat(labs: Callable[..., Drifter]) -> None:
    lab = exact(labs())
    lab.try_()
    con = lab.lab.ledger.reader
    run = RUNS.select(con, "WHERE purpose = 'pool'")[0]
    assert sentinel.is_exact(con, run, "x")
    assert not sentinel.is_exact(con, replace(run, budget="300s"), "x")
    assert not sentinel.is_exact(con, replace(run, record={"device": "cuda:0"}), "x")
    assert not sentinel.is_exact(con, replace(run, record={}), "x")
