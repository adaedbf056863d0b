"""Experiments and the values of their runs, kept between looks: only those that are open or that new events name are
read again, so that a thousand decided experiments cost nothing."""

import sqlite3
from collections import defaultdict

from org.dashboard.state import ExperimentLine
from org.model.experiment import Experiment
from org.store.tables import EVENTS, EXPERIMENTS

MANY = 200  # more news than this: read everything


class History:
    """All experiments as lines, oldest first. One per connection."""

    def __init__(self) -> None:
        self._lines: dict[str, ExperimentLine] = {}
        self._all: tuple[ExperimentLine, ...] = ()
        self._event = -1

    def read(self, con: sqlite3.Connection) -> tuple[ExperimentLine, ...]:
        """The same tuple as before when nothing changed."""
        newest = int(con.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])
        everything = self._event < 0 or newest - self._event > MANY
        fresh = self._everything(con) if everything else self._changed(con)
        changed = {id: line for id, line in fresh.items() if self._lines.get(id) != line}
        self._event = newest
        if changed:
            self._lines |= changed
            self._all = tuple(sorted(self._lines.values(), key=_number))
        return self._all

    def _everything(self, con: sqlite3.Connection) -> dict[str, ExperimentLine]:
        return _lines(EXPERIMENTS.select(con), _values(con, "", ()))

    def _changed(self, con: sqlite3.Connection) -> dict[str, ExperimentLine]:
        named = {id for id, line in self._lines.items() if line.experiment.is_open}
        for event in EVENTS.select(con, "WHERE id > ?", self._event):
            named.update(str(n) for n in (event.subject, event.detail.get("experiment")) if n)
        ids = tuple(sorted(named))
        marks = ", ".join("?" * len(ids))
        found = EXPERIMENTS.select(con, f"WHERE id IN ({marks})", *ids)
        return _lines(found, _values(con, f"AND experiment IN ({marks})", ids))


def _lines(found: list[Experiment], values: dict[str, dict[int, float]]) -> dict[str, ExperimentLine]:
    return {e.id: ExperimentLine(e, tuple(v for _, v in sorted(values[e.id].items()))) for e in found}


def _values(con: sqlite3.Connection, narrowed: str, ids: tuple[str, ...]) -> dict[str, dict[int, float]]:
    """experiment → seed slot → metric; of several attempts at a slot the last speaks."""
    rows = con.execute(
        "SELECT experiment, slot, metric FROM runs WHERE purpose = 'race' AND state = 'succeeded'"
        f" AND metric IS NOT NULL {narrowed} ORDER BY attempt",
        ids,
    )
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for experiment, slot, metric in rows:
        found[experiment][slot] = metric
    return found


def _number(line: ExperimentLine) -> int:
    return int(line.experiment.id[1:])
