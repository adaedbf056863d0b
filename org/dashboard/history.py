"""Experiments and the values of their runs, kept between looks: only those that are open or that new events name are
read again, so that a thousand decided experiments cost nothing."""

import sqlite3

from org.dashboard.state import ExperimentLine
from org.model.experiment import Experiment
from org.store import reads
from org.store.tables import EXPERIMENTS

MANY = 200  # more news than this: read everything


class History:
    """All experiments as lines, oldest first. One per connection."""

    def __init__(self) -> None:
        self._lines: dict[str, ExperimentLine] = {}
        self._all: tuple[ExperimentLine, ...] = ()
        self._event = -1

    def read(self, con: sqlite3.Connection) -> tuple[ExperimentLine, ...]:
        """The same tuple as before when nothing changed."""
        newest = reads.newest_event(con)
        everything = self._event < 0 or newest - self._event > MANY
        fresh = self._everything(con) if everything else self._changed(con)
        changed = {id: line for id, line in fresh.items() if self._lines.get(id) != line}
        self._event = newest
        if changed:
            self._lines |= changed
            self._all = tuple(sorted(self._lines.values(), key=_number))
        return self._all

    def _everything(self, con: sqlite3.Connection) -> dict[str, ExperimentLine]:
        return _lines(EXPERIMENTS.select(con), reads.race_values(con))

    def _changed(self, con: sqlite3.Connection) -> dict[str, ExperimentLine]:
        named = {id for id, line in self._lines.items() if line.experiment.is_open}
        for event in reads.events_after(con, self._event):
            named.update(str(n) for n in (event.subject, event.detail.get("experiment")) if n)
        return _lines(reads.named_experiments(con, named), reads.race_values(con, named))


def _lines(found: list[Experiment], values: dict[str, tuple[float, ...]]) -> dict[str, ExperimentLine]:
    return {e.id: ExperimentLine(e, values.get(e.id, ())) for e in found}


def _number(line: ExperimentLine) -> int:
    return int(line.experiment.id[1:])
