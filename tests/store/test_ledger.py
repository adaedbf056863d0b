"""The ledger as a file: old, new, damaged, locked, killed, and written by many at once."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from org.model.errors import LedgerError
from org.store import events, ledger, meta
from org.store.ledger import Ledger
from org.store.tables import EVENTS, EXPERIMENTS, RUNS

LEDGERS = Path(__file__).parent / "ledgers"


def restored(dump: str, path: Path) -> Path:
    """A ledger file from a stored SQL dump."""
    connection = sqlite3.connect(path)
    connection.executescript((LEDGERS / dump).read_text())
    connection.close()
    return path


@pytest.mark.parametrize("dump", sorted(p.name for p in LEDGERS.glob("*.sql")))
def test_a_stored_ledger_of_every_schema_opens_and_keeps_what_it_holds(tmp_path: Path, dump: str) -> None:
    path = restored(dump, tmp_path / "ledger.db")
    book = ledger.create(path)
    assert book.reader.execute("PRAGMA user_version").fetchone()[0] == ledger.newest()
    assert [e.id for e in EXPERIMENTS.select(book.reader)] == ["E1"]
    assert [r.metric for r in RUNS.select(book.reader)] == [1.02, 0.98]
    assert EVENTS.count(book.reader) > 0 and meta.get(book.reader, "lab") == "test"
    book.close()
    ledger.open_existing(path).close()


def test_every_schema_has_a_stored_ledger() -> None:
    assert len(list(LEDGERS.glob("*.sql"))) == ledger.newest()


def test_an_older_ledger_is_told_by_readers_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE something (x)")
    connection.close()
    with pytest.raises(LedgerError, match=r"is at schema 0, this org needs \d+; `org start` brings it up"):
        ledger.open_existing(path)


def test_a_newer_ledger_is_refused_untouched_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)  # not in WAL mode: even the journal's kind stays
    connection.execute("CREATE TABLE of_the_future (x)")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    for opening in (ledger.create, ledger.open_existing):
        with pytest.raises(LedgerError, match=r"written by a newer org \(schema 99, this one knows \d+\)") as told:
            opening(path)
        assert "\n" not in str(told.value)
    assert path.read_bytes() == before and sorted(p.name for p in tmp_path.iterdir() if "ledger" in p.name) == ["ledger.db"]


def test_a_damaged_ledger_is_told_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this was a ledger once" * 100)
    before = path.read_bytes()
    for opening in (ledger.create, ledger.open_existing):
        with pytest.raises(LedgerError, match=r"is damaged .* restore a copy"):
            opening(path)
    assert path.read_bytes() == before


def test_a_missing_ledger_names_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"no lab here yet .* `org start`"):
        ledger.open_existing(tmp_path / "ledger.db")
    assert not list(tmp_path.glob("ledger*"))


def test_an_emptied_ledger_is_told_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    for _ in range(2):
        with pytest.raises(LedgerError, match=r"ledger.db is empty: what was in it is lost. Restore a copy before `org start`"):
            ledger.open_existing(path)
    assert path.stat().st_size == 0 and list(tmp_path.glob("ledger*")) == [path]


def test_a_locked_ledger_is_told_after_the_wait(book: Ledger) -> None:
    impatient = ledger.open_existing(book.path, busy_seconds=0.05)
    with (
        book.transaction(),
        pytest.raises(LedgerError, match="stayed locked by another process"),
        impatient.transaction(),
    ):
        raise AssertionError("both hold the lock")
    with impatient.transaction() as tx:  # and it goes on afterwards
        meta.put(tx, "demo", "1")
    impatient.close()


def test_a_failed_write_leaves_nothing_and_the_next_one_begins(book: Ledger) -> None:
    with pytest.raises(LedgerError), book.transaction() as tx:
        meta.put(tx, "demo", "1")
        tx.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(ZeroDivisionError), book.transaction() as tx:
        meta.put(tx, "demo", "1")
        raise ZeroDivisionError
    assert meta.get(book.reader, "demo") is None
    with book.transaction() as tx:
        meta.put(tx, "demo", "2")
    assert meta.get(book.reader, "demo") == "2"


def test_a_commit_that_fails_does_not_end_all_writing(book: Ledger) -> None:
    """A deferred constraint fails at the commit, as a full disk does."""
    with book.transaction() as tx:
        tx.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        tx.execute("CREATE TABLE child (p INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(LedgerError, match="FOREIGN KEY"), book.transaction() as tx:
        tx.execute("INSERT INTO child VALUES (7)")
    with book.transaction() as tx:
        meta.put(tx, "demo", "1")
    assert book.reader.execute("SELECT count(*) FROM child").fetchone()[0] == 0


def test_a_full_disk_is_told_and_leaves_the_ledger_whole(book: Ledger) -> None:
    pages = book.reader.execute("PRAGMA page_count").fetchone()[0]
    book.reader.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(LedgerError, match=r"the disk of .* is full; nothing was written"), book.transaction() as tx:
        for number in range(200):
            tx.execute("INSERT INTO ideas VALUES (?, ?, 'a', 'b', 'open', NULL, NULL)", (number, "x" * 1000))
    assert book.reader.execute("SELECT count(*) FROM ideas").fetchone()[0] == 0
    with book.transaction() as tx:
        meta.put(tx, "demo", "1")


WRITER = """
import sys, time
from pathlib import Path
from org.store import events, ledger, meta
book = ledger.open_existing(Path(sys.argv[1]))
with book.transaction() as tx:
    meta.put(tx, "demo", "half")
    tx.execute("INSERT INTO ideas VALUES (1, 'half', 'a', 'b', 'open', NULL, NULL)")
    print("in it", flush=True)
    time.sleep(60)
"""


def test_a_writer_that_is_killed_in_its_transaction_leaves_nothing_half(book: Ledger) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(book.path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None and writer.stdout.readline() == "in it\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    with book.transaction() as tx:  # the lock fell with its holder
        assert meta.get(tx, "demo") is None
        assert tx.execute("SELECT count(*) FROM ideas").fetchone()[0] == 0
        assert tx.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


CROWD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from org.lab import ideas
from org.store import ledger
book = ledger.open_existing(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with book.transaction() as tx:
        ideas.add(tx, f"{sys.argv[2]} {number}", sys.argv[2], datetime.now(UTC))
"""


def test_eight_processes_that_write_at_once_lose_nothing(book: Ledger) -> None:
    crowd = [subprocess.Popen([sys.executable, "-c", CROWD, str(book.path), f"w{i}", "15"]) for i in range(8)]
    assert [writer.wait() for writer in crowd] == [0] * 8
    ids = [row[0] for row in book.reader.execute("SELECT id FROM ideas ORDER BY id")]
    assert ids == list(range(1, 121))
    assert EVENTS.count(book.reader, "WHERE kind = 'idea.open'") == 120


def test_two_starts_at_once_make_one_ledger(tmp_path: Path) -> None:
    for round in range(12):
        path, failed = tmp_path / f"{round}.db", []
        gate = threading.Barrier(4)

        def start(path: Path = path, gate: threading.Barrier = gate, failed: list[BaseException] = failed) -> None:
            gate.wait()
            try:
                ledger.create(path).close()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []


def test_history_is_only_ever_appended(book: Ledger) -> None:
    with book.transaction() as tx:
        events.append(tx, "a", "b")
    for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events", "REPLACE INTO events SELECT * FROM events"):
        with pytest.raises(LedgerError, match=r"only ever appended|UNIQUE"), book.transaction() as tx:
            tx.execute("PRAGMA recursive_triggers = ON")
            tx.execute(statement)
    assert [e.kind for e in events.latest(book.reader)] == ["a"]


def test_a_reader_sees_what_others_commit_and_a_cheap_poll_says_so(book: Ledger) -> None:
    other = ledger.open_existing(book.path)
    before = book.version()
    with other.transaction() as tx:
        meta.put(tx, "demo", "1")
        assert meta.get(book.reader, "demo") is None
    assert meta.get(book.reader, "demo") == "1" and book.version() != before
    other.close()
    assert os.path.exists(book.path)
