"""One Table per type: get, select, insert, update by key. No rules live here; the modules beside it keep those."""

import sqlite3
from dataclasses import fields
from typing import Any, Generic, TypeVar

from org.model.agent import Agent
from org.model.errors import OrgError
from org.model.event import Event
from org.model.experiment import Experiment
from org.model.idea import Idea
from org.model.idle import Interval
from org.model.merge import Merge
from org.model.message import Message, Question
from org.model.nudge import Nudge
from org.model.pool import Pool, Slot
from org.model.program import Program
from org.model.request import Request
from org.model.run import Run
from org.model.standup import Section, Standup
from org.model.study import Study
from org.model.usage import Usage
from org.store import rows

T = TypeVar("T")


class Table(Generic[T]):
    """A typed view of one SQLite table; key is the primary key's column."""

    def __init__(self, name: str, cls: type[T], key: str, noun: str) -> None:
        self.name, self.cls, self.key, self.noun = name, cls, key, noun
        self._columns = [f.name for f in fields(cls)]  # type: ignore[arg-type]

    def get(self, con: sqlite3.Connection, key: object) -> T:
        """The row, or an OrgError that names what was asked for."""
        found = self.find(con, key)
        if found is None:
            raise OrgError(f"there is no {self.noun} {key}")
        return found

    def find(self, con: sqlite3.Connection, key: object) -> T | None:
        row = con.execute(f'SELECT * FROM {self.name} WHERE "{self.key}" = ?', (key,)).fetchone()
        return None if row is None else rows.from_row(self.cls, row)

    def select(self, con: sqlite3.Connection, tail: str = "", *params: object) -> list[T]:
        """All rows that `tail` (WHERE …, ORDER BY …, LIMIT …) leaves."""
        found = con.execute(f"SELECT * FROM {self.name} {tail}", params)
        return [rows.from_row(self.cls, row) for row in found]

    def count(self, con: sqlite3.Connection, tail: str = "", *params: object) -> int:
        return int(con.execute(f"SELECT count(*) FROM {self.name} {tail}", params).fetchone()[0])

    def insert(self, con: sqlite3.Connection, value: T) -> None:
        row = rows.to_row(value)
        columns = ", ".join(f'"{c}"' for c in row)
        con.execute(f"INSERT INTO {self.name} ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))

    def update(self, con: sqlite3.Connection, key: object, **changes: Any) -> None:
        unknown = set(changes) - set(self._columns)
        if unknown:
            raise KeyError(f"{self.name} has no column {', '.join(sorted(unknown))}")
        assignments = ", ".join(f'"{c}" = ?' for c in changes)
        values = [rows.encode(v) for v in changes.values()]
        con.execute(f'UPDATE {self.name} SET {assignments} WHERE "{self.key}" = ?', (*values, key))

    def next_id(self, con: sqlite3.Connection) -> int:
        return int(con.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {self.name}").fetchone()[0])

    def next_name(self, con: sqlite3.Connection, letter: str) -> str:
        """The next of E1, E2, …; numbers are never used twice because rows are never deleted."""
        number = con.execute(f"SELECT coalesce(max(CAST(substr(id, 2) AS INTEGER)), 0) + 1 FROM {self.name}")
        return f"{letter}{number.fetchone()[0]}"


PROGRAMS = Table("programs", Program, "slug", "program")
IDEAS = Table("ideas", Idea, "id", "idea")
EXPERIMENTS = Table("experiments", Experiment, "id", "experiment")
POOLS = Table("pools", Pool, "id", "pool")
SLOTS = Table("pool_slots", Slot, "pool", "pool slot")
RUNS = Table("runs", Run, "id", "run")
MERGES = Table("merges", Merge, "id", "merge")
AGENTS = Table("agents", Agent, "name", "agent")
MESSAGES = Table("messages", Message, "id", "message")
QUESTIONS = Table("questions", Question, "id", "question")
REQUESTS = Table("requests", Request, "id", "request")
NUDGES = Table("nudges", Nudge, "id", "nudge")
STUDIES = Table("studies", Study, "id", "study")
IDLE = Table("idle", Interval, "id", "interval")
USAGE = Table("usage", Usage, "key", "use of a model")
STANDUPS = Table("standups", Standup, "id", "standup")
SECTIONS = Table("sections", Section, "standup", "section")
EVENTS = Table("events", Event, "id", "event")
