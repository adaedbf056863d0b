"""Every experiment as a light row, kept between looks: only those that are open or that new events name are read again, so
that ten thousand decided experiments cost nothing."""

import sqlite3

from org.model.experiment import OPEN
from org.plots import tried
from org.plots.tried import Tried
from org.store import reads

MANY = 200  # more news than this: read everything


class Points:
    """All experiments, in the order of their numbers. One per connection."""

    def __init__(self) -> None:
        self._by_id: dict[str, Tried] = {}
        self._all: tuple[Tried, ...] = ()
        self._event = -1

    def read(self, con: sqlite3.Connection) -> tuple[Tried, ...]:
        """The same tuple as before when nothing changed."""
        newest = reads.newest_event(con)
        everything = self._event < 0 or newest - self._event > MANY
        fresh = tried.read(con) if everything else tried.read(con, self._named(con))
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
