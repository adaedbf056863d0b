"""The plots, from org.plots: numbers that are read again only where something happened that they show, and their characters in
the colours of a theme."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rich.text import Text

from org.dashboard.state import Asked, LabState, Picture, Plot, Setting
from org.lab.devices import drawn
from org.model.experiment import VERDICTS
from org.model.run import Run
from org.plots import compute, compute_text, devices_text, effects, effects_text, progress, progress_text
from org.plots.cells import Inks
from org.plots.compute import Compute
from org.plots.devices import Timeline
from org.plots.effects import Effects
from org.plots.progress import Progress
from org.plots.stairs import Moves
from org.plots.tried import Tried, decided
from org.store import idle, studies
from org.store.reads import PoolValues

Mark = tuple[object, ...]


class Drawings:
    """What a plot shows is known by a mark; while that is the same, so are its numbers. One per connection."""

    def __init__(self) -> None:
        self._curves: dict[str | None, tuple[Mark, Progress]] = {}
        self._known: dict[Asked, tuple[Mark, Picture]] = {}

    def curve(
        self, con: sqlite3.Connection, setting: Setting, points: Sequence[Tried], moves: Moves,
        pools: Sequence[PoolValues], program: str | None = None,
    ) -> Progress:  # fmt: skip
        """The progress plot, of one program or of all."""
        shown = [t for t in points if t.state in VERDICTS and program in (None, t.program)]
        mark: Mark = (setting, shown, moves, pools, studies.done_count(con))
        before, found = self._curves.get(program, ((), None))
        if found is not None and mark == before:
            return found
        mine = moves if program is None else replace(moves, merges=tuple(m for m in moves.merges if m.program == program))
        made = progress.build(decided(shown), mine, pools, setting.higher_is_better)
        made = replace(made, metric=setting.metric, program=program, fresh=progress.fresh(con, mine, setting.higher_is_better))
        self._curves = {None: self._curves.get(None, (mark, made)), program: (mark, made)}
        return made

    def picture(
        self, con: sqlite3.Connection, setting: Setting, asked: Asked, now: datetime, lab: LabState, running: Sequence[Run]
    ) -> Picture:
        """The plot that is looked at. lab: with its points, moves and pools as they are now."""
        mark = setting, *self._mark(con, asked, now, lab, running)
        before, found = self._known.get(asked, ((), None))
        if found is None or mark != before:
            found = Picture(asked, self._numbers(con, setting, asked, now, lab))
            self._known = {asked: (mark, found)}
        return found

    def _mark(self, con: sqlite3.Connection, asked: Asked, now: datetime, lab: LabState, running: Sequence[Run]) -> Mark:
        """The ends of runs and idle times for the timeline, which also moves by the minute; verdicts for the others."""
        if asked.plot is Plot.DEVICES:
            return tuple(run.id for run in running), idle.newest(con), now.timestamp() // 60
        return lab.points, lab.moves, lab.pools, studies.done_count(con)

    def _numbers(
        self, con: sqlite3.Connection, setting: Setting, asked: Asked, now: datetime, lab: LabState
    ) -> Progress | Effects | Compute | Timeline:
        match asked.plot:
            case Plot.PROGRESS:
                return self.curve(con, setting, lab.points, lab.moves, lab.pools, asked.program)
            case Plot.EFFECTS:
                return effects.read(con, setting.metric, asked.program)
            case Plot.COMPUTE:
                return compute.read(con, setting.metric, setting.higher_is_better, setting.protocol, asked.program)
            case Plot.DEVICES:
                return drawn.timeline(con, [line.device for line in lab.devices], now)


def lines(picture: Picture, lab: LabState, width: int, height: int, inks: Inks) -> list[Text]:
    """The plot in at most so many cells, its words included."""
    match picture.numbers:
        case Progress():
            return progress_text.lines(picture.numbers, lab.lab, width, height, inks)
        case Effects():
            return effects_text.lines(picture.numbers, lab.lab, width, height, inks)
        case Compute():
            return compute_text.lines(picture.numbers, lab.lab, width, height, inks)
        case Timeline():
            return devices_text.lines(picture.numbers, lab.lab, lab.setting.zone, width, height, inks)


def small(curve: Progress, width: int, height: int, inks: Inks) -> list[Text]:
    """The progress plot without words, for a corner; without what has no value, which would be a line of it."""
    if not curve.dots and not curve.stairs:
        return [Text("No verdicts yet: the first dot appears with the first one.", inks["dim"])]
    return progress_text.field(replace(curve, dots=tuple(d for d in curve.dots if d.y is not None)), width, height).lines(inks)
