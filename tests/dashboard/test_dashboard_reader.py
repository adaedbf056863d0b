"""One reading of the ledger after the other: what reading everything again would give, for less."""

import random
from collections.abc import Iterator
from datetime import timedelta

import ledgers
import pytest
from standing import Build

from org.dashboard.follower import Follower
from org.dashboard.snapshot import Reader
from org.dashboard.state import LabState, Setting
from org.model import experiment
from org.model.agent import ControlEvent
from org.model.message import Kind
from org.store import agents, experiments, ledger, mail, meta, reads
from org.store.ledger import Ledger
from org.store.tables import AGENTS, EXPERIMENTS, MESSAGES


@pytest.fixture
def book(lab: Build) -> Iterator[Ledger]:
    found = ledger.open_existing(lab(60, 8).ledger)
    yield found
    found.close()


def read(reader: Reader, book: Ledger, later: float = 0.0) -> LabState:
    return reader.read(book.reader, Setting(), ledgers.NOW + timedelta(seconds=later))


def test_reading_again_equals_reading_everything(book: Ledger) -> None:
    kept, dice = Reader(), random.Random(5)
    for number in range(12):
        with book.transaction() as con:
            e = dice.choice(EXPERIMENTS.select(con))
            move = next((m for s, m in experiment.RULES if s is e.state), None)
            if move is not None and number % 2:
                experiments.move(con, e.id, move, ledgers.NOW, reason="again")
            AGENTS.update(con, "junior-3", last_words=f"words {number}")
            agents.assign(con, "junior-2", dice.choice(["optimizer", "attention"]), ledgers.NOW, "ada")
            meta.put(con, "paused", f"lunch {number}" if number % 3 else None)
        assert read(kept, book, number * 6.0) == read(Reader(), book, number * 6.0)  # sums are made every five seconds


def test_what_changes_without_an_event_is_seen(book: Ledger) -> None:
    kept = Reader()
    with book.transaction() as con:
        mail.post(con, "chief", "human", Kind.NOTE, "News", "It rains.", ledgers.NOW, id="news")
    assert read(kept, book).messages[-1].read_at is None
    with book.transaction() as con:
        MESSAGES.update(con, "news", read_at=ledgers.NOW)
        AGENTS.update(con, "chief", last_words="I was here")
    seen = read(kept, book)
    assert seen.messages[-1].read_at == ledgers.NOW and seen.agents[0].agent.last_words == "I was here"


def test_today_ends_without_an_event(book: Ledger) -> None:
    kept = Reader()
    assert read(kept, book).today.verdicts > 0
    assert read(kept, book, later=86400.0 * 2).today.verdicts == 0


def test_a_person_who_takes_an_agent_is_seen_at_the_next_look(book: Ledger) -> None:
    kept = Reader()
    read(kept, book)
    with book.transaction() as con:
        agents.set_control(con, "junior-1", ControlEvent.TAKE, ledgers.NOW, "ada")
    assert read(kept, book).agents[1].agent.controlled_by == "ada"


def test_a_heartbeat_reads_no_experiment_and_no_run(book: Ledger) -> None:
    kept, asked = Reader(), list[str]()
    read(kept, book)
    with book.transaction() as con:
        meta.put(con, "supervisor_seen_at", (ledgers.NOW + timedelta(seconds=1)).isoformat())
    book.reader.set_trace_callback(asked.append)
    seen = read(kept, book)
    book.reader.set_trace_callback(None)
    assert seen.supervisor_seen_at == ledgers.NOW + timedelta(seconds=1)
    assert asked and not [sql for sql in asked if " experiments" in sql or " runs" in sql or " pools" in sql]


def test_all_pools_at_once_are_what_each_alone_is(book: Ledger) -> None:
    con = book.reader
    for pool in reads.all_pool_values(con):
        assert list(pool.values) == [v for v in reads.pool_values(con, pool.id, 8) if v is not None]


def test_a_look_without_progress_keeps_the_last(lab: Build) -> None:
    layout = lab()
    following = Follower(layout.ledger, layout, ledgers.CONFIG, lambda: ledgers.NOW)
    run = following.look().agents[1].run
    assert run is not None
    ledgers.metrics(layout, run.id, 300)
    assert following.look(with_progress=False).progress[run.id].step == 40
    assert following.look().progress[run.id].step == 300
