"""The ledger: one SQLite file in WAL mode. A write is a BEGIN IMMEDIATE transaction: whole or not at all.

PLATFORM: a deferred BEGIN that writes later fails with "database is locked" under load; IMMEDIATE waits its turn.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from org.model.errors import LedgerError

BUSY_SECONDS = 30.0


class Ledger:
    """One connection to the ledger, for one thread. Opening an existing ledger migrates nothing; `create` does."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write. Commits at the end, rolls back on any error; waits up to 30 s for other writers."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _translated(self.path, error) from error
        try:
            yield self._connection
        except sqlite3.Error as error:
            self._connection.rollback()
            raise _translated(self.path, error) from error
        except BaseException:
            self._connection.rollback()
            raise
        try:
            self._connection.commit()
        except sqlite3.Error as error:  # a full disk shows here; without the rollback no later write would begin
            self._connection.rollback()
            raise _translated(self.path, error) from error

    @property
    def reader(self) -> sqlite3.Connection:
        """For SELECTs. Each statement sees the newest committed state; nothing stays pinned."""
        return self._connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """For SELECTs that have to fit together: all of them see one state. Others write on meanwhile, and their log grows."""
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT 1 FROM sqlite_schema").fetchone()  # BEGIN alone fixes no state
        try:
            yield self._connection
        finally:
            self._connection.rollback()

    def version(self) -> int:
        """Changes when another connection commits: a cheap poll."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._connection.close()


def create(path: Path, busy_seconds: float = BUSY_SECONDS) -> Ledger:
    """Open the ledger, making it or bringing it to the newest schema first. Refuses a newer one untouched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path, busy_seconds)
    try:
        _migrate(connection, path)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise _translated(path, error) from error
        raise
    return Ledger(path, connection)


def open_existing(path: Path, busy_seconds: float = BUSY_SECONDS) -> Ledger:
    """Open a ledger that is there and of this version; LedgerError says what else it is."""
    if not path.exists():
        raise LedgerError(f"no lab here yet ({path.name} is missing in {path.parent}); make one with `org start`")
    if not path.stat().st_size:  # SQLite would write into it, and nobody would see any more that it was emptied
        words = "is empty: what was in it is lost. Restore a copy before `org start`, which would begin a new one"
        raise LedgerError(f"{path.name} {words}")
    connection = _connect(path, busy_seconds)
    try:
        have = _schema_version(connection)
        _refuse_newer(have, path)
        if have < newest():
            raise LedgerError(f"{path} is at schema {have}, this org needs {newest()}; `org start` brings it up")
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise _translated(path, error) from error
        raise
    return Ledger(path, connection)


def newest() -> int:
    """The schema that this program writes."""
    return max(number for number, _ in _migrations())


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        _refuse_newer(_schema_version(connection), path)  # before the first pragma that writes
        _use_wal(connection, busy_seconds)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raise _translated(path, error) from error
    return connection


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Two processes that turn a new file to WAL at once: SQLite refuses one of them without waiting, so we wait."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("org.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(int(f.name.split("_")[0]), f.read_text(encoding="utf-8")) for f in files]


def _schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    for number, sql in _migrations():
        if _schema_version(connection) < number:
            connection.execute("BEGIN IMMEDIATE")
            try:
                if _schema_version(connection) < number:  # somebody may have been faster while we waited for the lock
                    for statement in _statements(sql):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def _statements(sql: str) -> Iterator[str]:
    """The statements of a script. executescript would commit before it starts, and so outside our lock."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _refuse_newer(have: int, path: Path) -> None:
    if have > newest():
        raise LedgerError(
            f"{path} was written by a newer org (schema {have}, this one knows {newest()}); upgrade org. Nothing was changed"
        )


def _translated(path: Path, error: sqlite3.Error) -> LedgerError:
    text = str(error)
    if "locked" in text:
        return LedgerError(f"{path} stayed locked by another process; see what holds it, then try again")
    if "malformed" in text or "not a database" in text:
        return LedgerError(f"{path} is damaged ({text}); keep it, and restore a copy beside it before `org start`")
    if "full" in text:
        return LedgerError(f"the disk of {path} is full; nothing was written. Free space, then try again")
    return LedgerError(f"{path}: {text}")
