"""The lab's head as pages tell it: what entered together, and the gain that was measured of it. Gains do not add up, so of
what is in a stack no other gain is reported."""

import sqlite3
from dataclasses import dataclass

from org.comms.figures import gain, table
from org.model.merge import Kind
from org.model.study import Kind as StudyKind
from org.store import reads, studies
from org.store.tables import MERGES, STUDIES


@dataclass(frozen=True, slots=True)
class Together:
    """One stack in the lab's head. gain: measured; shrunk: what to quote; expected: the sum of its members' gains. gone:
    members that were taken out since, which leaves nothing to quote."""

    study: str
    members: tuple[str, ...]
    gain: float
    shrunk: float
    p_not_positive: float
    expected: float
    gone: tuple[str, ...]

    @property
    def words(self) -> str:
        """`+0.0031 together (shrunk +0.0028; sum of parts +0.0052)`"""
        if self.gone:
            return f"nothing to quote: {', '.join(self.gone)} was taken out of {self.study} since"
        parts = f"; sum of parts {gain(self.expected)}" if len(self.members) > 1 else ""
        return f"{gain(self.gain)} together (shrunk {gain(self.shrunk)}{parts})"


def of(con: sqlite3.Connection) -> list[Together]:
    """Every stack that entered, in order."""
    inside = reads.in_lab_head(con)
    moves = MERGES.select(con, "WHERE kind = ? AND state = 'done' ORDER BY id", Kind.STACK.value)
    found = []
    for move in moves:
        told, members = STUDIES.get(con, move.experiment).outcome, tuple(move.detail["taken"])
        gone = tuple(id for id in members if inside.get(id) != move.experiment)
        found.append(
            Together(move.experiment, members, told["gain"], told["shrunk_gain"], told["p_not_positive"], told["expected"], gone)
        )
    return found


def by_member(con: sqlite3.Connection) -> dict[str, Together]:
    """Of every experiment in the lab's head the stack in which it is there."""
    return {id: together for together in of(con) for id in together.members if id not in together.gone}


def with_(con: sqlite3.Connection, id: str) -> Together | None:
    """The stack in which an experiment is in the lab's head."""
    return by_member(con).get(id)


def section(con: sqlite3.Connection, id: str) -> str:
    """What an experiment's page says of the lab's head, and of its revert; "" when there is nothing."""
    lines = []
    together = with_(con, id)
    if together is not None:
        others = [other for other in together.members if other != id]
        beside = f" with {', '.join(others)}" if others else ""
        lines.append(f"In the lab's head by {together.study}{beside}: {together.words}. That is the gain to report of it.")
    for study in studies.of_subject(con, StudyKind.REVERT, id):
        lines.append(f"Taken out of {study.plan['where']}: {study.reason or f'{study.id} measures what is lost'}.")
    return "## In the heads\n\n" + "\n\n".join(lines) if lines else ""


def standing(con: sqlite3.Connection) -> str:
    """The lab's head in a standup; "" while it is the root."""
    found = of(con)
    if not found:
        return ""
    head = ("stack", "members", "together", "shrunk", "sum of parts", "P(no gain)")
    rows = [
        (t.study, ", ".join(t.members), gain(t.gain), gain(t.shrunk), gain(t.expected), f"{t.p_not_positive:.2g}")
        if not t.gone else (t.study, ", ".join(t.members), t.words, "–", "–", "–")
        for t in found
    ]  # fmt: skip
    told = "Measured as one on the lab's head. Gains do not add up: the gain together is the one to report."
    return f"## The lab's head\n\n{table(head, rows)}\n\n{told}"
