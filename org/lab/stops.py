"""The stop rule of a program's brief: how near it is, and whether it fires. What then happens is its chief's to decide."""

import sqlite3
from dataclasses import dataclass

from org.agents.offline.rota import PENDING
from org.model.experiment import IN_HEAD, VERDICTS
from org.model.experiment import State as ExperimentState
from org.model.program import Program, State
from org.store import programs


@dataclass(frozen=True, slots=True)
class Stop:
    """in_a_row: verdicts up to now without a merge, of at most discards; decided: verdicts in all, of at most verdicts.
    None: the brief has no such rule. merges: how often the row began anew. is_open: only then it can fire."""

    program: str
    in_a_row: int
    discards: int | None
    decided: int
    verdicts: int | None
    merges: int
    is_open: bool

    @property
    def fires(self) -> bool:
        row = self.discards is not None and self.in_a_row >= self.discards
        return self.is_open and (row or (self.verdicts is not None and self.decided >= self.verdicts))

    @property
    def key(self) -> str:
        """Names this firing: after the next merge the rule may fire anew."""
        return f"{self.program}-{self.merges}"

    @property
    def words(self) -> str:
        """`stop rule: 12 of 20 tries without a merge`"""
        told = []
        if self.discards is not None:
            told.append(f"{self.in_a_row} of {self.discards} tries without a merge")
        if self.verdicts is not None:
            told.append(f"{self.decided} of {self.verdicts} verdicts")
        if not told:
            return "stop rule: none in its brief"
        fires = f"; it fires: `org program close {self.program} --reason …` or say why it goes on" if self.fires else ""
        return f"stop rule: {', '.join(told)}{fires}"


def of(con: sqlite3.Connection, program: Program) -> Stop:
    """As of now. Asked every few seconds, so it reads states alone."""
    rows = con.execute(
        "SELECT state FROM experiments WHERE program = ? AND decided_at IS NOT NULL ORDER BY decided_at", (program.slug,)
    )
    states = [state for row in rows if (state := ExperimentState(row[0])) in VERDICTS]
    merges = sum(state in IN_HEAD for state in states)
    limits = _whole(program, "discards"), _whole(program, "verdicts")
    return Stop(program.slug, _row(states), limits[0], len(states), limits[1], merges, program.state is State.OPEN)


def firing(con: sqlite3.Connection) -> list[Stop]:
    """Of the open programs those whose rule fires now."""
    found = [of(con, program) for program in programs.in_state(con, State.OPEN)]
    return [stop for stop in found if stop.fires]


def _row(states: list[ExperimentState]) -> int:
    """Verdicts in a row, up to now, that did not enter the head; one that still may ends the row (as in rota.streak)."""
    return next((i for i, state in enumerate(reversed(states)) if state in IN_HEAD | PENDING), len(states))


def _whole(program: Program, rule: str) -> int | None:
    limit = program.stop.get(rule)
    return None if limit is None else int(limit)
