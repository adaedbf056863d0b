"""Every experiment as a point, kept between looks: only those that are open or that new events name are read again, so that
ten thousand decided experiments cost nothing."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from org.dashboard.state import Point
from org.model.experiment import OPEN, State
from org.store import reads

MANY = 200  # more news than this: read everything
_COLUMNS = "SELECT id, program, state, coalesce(decided_at, created_at), pool FROM experiments"


class Points:
    """All experiments as points, in the order of their numbers. One per connection."""

    def __init__(self) -> None:
        self._by_id: dict[str, Point] = {}
        self._all: tuple[Point, ...] = ()
        self._event = -1

    def read(self, con: sqlite3.Connection) -> tuple[Point, ...]:
        """The same tuple as before when nothing changed."""
        newest = reads.newest_event(con)
        everything = self._event < 0 or newest - self._event > MANY
        fresh = _points(con) if everything else _points(con, self._named(con))
        changed = {point.id: point for point in fresh if self._by_id.get(point.id) != point}
        self._event = newest
        if changed:
            self._by_id |= changed
            self._all = tuple(sorted(self._by_id.values(), key=lambda point: int(point.id[1:])))
        return self._all

    def _named(self, con: sqlite3.Connection) -> set[str]:
        named = {id for id, point in self._by_id.items() if point.state in OPEN}
        for event in reads.events_after(con, self._event):
            named.update(str(n) for n in (event.subject, event.detail.get("experiment")) if n)
        return named


def _points(con: sqlite3.Connection, ids: Collection[str] | None = None) -> list[Point]:
    """Of these ids that are experiments, or of all."""
    where = "" if ids is None else f" WHERE id IN ({', '.join('?' * len(ids))})"
    values = reads.race_values(con, ids)
    return [
        Point(id, program, State(state), datetime.fromisoformat(at), pool, _mean(values.get(id, ())))
        for id, program, state, at, pool in con.execute(_COLUMNS + where, tuple(ids or ()))
    ]


def _mean(values: Collection[float]) -> float | None:
    return sum(values) / len(values) if values else None
