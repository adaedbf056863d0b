"""Points that are kept between looks are what reading everything again would give."""

import random

import ledgers
from standing import Build

from org.dashboard import points
from org.dashboard.points import Points
from org.model import experiment
from org.store import experiments, ledger, reads
from org.store.tables import EXPERIMENTS


def test_following_equals_reading_again(lab: Build) -> None:
    book = ledger.open_existing(lab(60, 8).ledger)
    kept, dice = Points(), random.Random(3)
    kept.read(book.reader)
    for _ in range(12):
        with book.transaction() as con:
            for e in dice.sample(EXPERIMENTS.select(con), 3):
                move = next((m for s, m in experiment.RULES if s is e.state), None)
                if move is not None:
                    experiments.move(con, e.id, move, ledgers.NOW, reason="again")
        assert kept.read(book.reader) == Points().read(book.reader)


def test_much_news_at_once_is_read_as_a_whole(lab: Build) -> None:
    book = ledger.open_existing(lab().ledger)
    kept = Points()
    kept.read(book.reader)
    with book.transaction() as con:
        for _ in range(points.MANY):
            experiments.move(con, "E11", experiment.Event.PARK, ledgers.NOW)
            experiments.move(con, "E11", experiment.Event.RACE, ledgers.NOW)
        experiments.move(con, "E11", experiment.Event.KEEP, ledgers.NOW)
    assert kept.read(book.reader) == Points().read(book.reader)


def test_lines_are_in_the_order_of_their_numbers(lab: Build) -> None:
    lines = Points().read(ledger.open_existing(lab().ledger).reader)
    assert [point.id for point in lines] == [f"E{n}" for n in range(1, 14)]


def test_an_attempt_that_was_repeated_counts_once(lab: Build) -> None:
    book = ledger.open_existing(lab().ledger)
    values = next((id, v) for id, v in reads.race_values(book.reader).items() if len(v) > 1)
    with book.transaction() as con:
        con.execute("UPDATE runs SET slot = 0, attempt = 2, metric = 1.5 WHERE experiment = ? AND slot = 1", (values[0],))
    found = next(point for point in Points().read(book.reader) if point.id == values[0])
    assert found.metric == sum((1.5, *values[1][2:])) / (len(values[1]) - 1)


def test_an_open_experiment_is_read_again_even_without_an_event(lab: Build) -> None:
    book = ledger.open_existing(lab().ledger)
    kept = Points()
    kept.read(book.reader)
    with book.transaction() as con:
        EXPERIMENTS.update(con, "E12", pool=1)
    assert kept.read(book.reader)[11].pool == 1
