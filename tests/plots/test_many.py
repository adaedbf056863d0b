"""The generated ledgers are what a lab could have left: their numbers agree with each other."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import many
import pytest

from org.lab.lab import Lab
from org.model.experiment import VERDICTS
from org.store.tables import EXPERIMENTS, POOLS, RUNS, STUDIES

Ledgers = Callable[[int], Lab]


@pytest.mark.parametrize("count", [0, 10, 700])
def test_there_are_as_many_verdicts_as_were_wanted(ledgers: Ledgers, count: int) -> None:
    con = ledgers(count).ledger.reader
    decided = [e for e in EXPERIMENTS.select(con) if e.state in VERDICTS]
    assert len(decided) == count and all(e.decided_at and e.created_at < e.decided_at < many.NOW for e in decided)
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_device_has_one_run_at_a_time_and_a_verdict_fits_its_runs(ledgers: Ledgers) -> None:
    con = ledgers(700).ledger.reader
    for device in (f"cuda:{n}" for n in range(many.DEVICES)):
        mine = RUNS.select(con, "WHERE device = ? AND started_at IS NOT NULL ORDER BY started_at", device)
        assert all(a.finished_at and b.started_at and a.finished_at <= b.started_at for a, b in pairwise(mine))
    pools = {p.id: [r.metric or 0.0 for r in RUNS.select(con, "WHERE pool = ? AND purpose = 'pool' AND metric > 0", p.id)][:8]
             for p in POOLS.select(con)}  # fmt: skip
    for e in EXPERIMENTS.select(con, "WHERE decision != '{}' LIMIT 50"):
        values = [r.metric or 0.0 for r in RUNS.select(con, "WHERE experiment = ? AND purpose = 'race'", e.id)]
        base = pools[e.pool or 0]
        assert e.decision["gain"] == pytest.approx(sum(base) / len(base) - sum(values) / len(values))


def test_events_are_in_the_order_of_their_times(ledgers: Ledgers) -> None:
    times = [row[0] for row in ledgers(700).ledger.reader.execute("SELECT at FROM events ORDER BY id")]
    assert len(times) > 5000 and times == sorted(times)


def test_the_same_arguments_make_the_same_ledger(tmp_path: Path) -> None:
    dumps = []
    for name in ("a", "b"):
        lab = many.opened(many.build(tmp_path / name, 20, 3))
        dumps.append(
            [tuple(r) for t in ("experiments", "runs", "events") for r in lab.ledger.reader.execute(f"SELECT * FROM {t}")]
        )
    assert dumps[0] == dumps[1]


def test_a_copy_is_a_lab_of_its_own(tmp_path: Path) -> None:
    one, two = (many.copied(tmp_path / "cache", tmp_path / name, 10, 3) for name in ("one", "two"))
    lab = many.opened(one)
    with lab.ledger.transaction() as tx:
        tx.execute("DELETE FROM usage")
    assert many.opened(two).ledger.reader.execute("SELECT count(*) FROM usage").fetchone()[0] == 10
    assert lab.layout.root == tmp_path / "one" and STUDIES.count(lab.ledger.reader) > 0
