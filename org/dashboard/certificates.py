"""What is in a head, with its certificate and what may be claimed of it: the tab of findings."""

import sqlite3

from org.dashboard.state import FindingLine
from org.lab.verdicts import findings
from org.model.experiment import IN_HEAD
from org.store import reads

NEWEST = 300


def read(con: sqlite3.Connection, rungs: int) -> tuple[FindingLine, ...]:
    """The newest merge first. rungs: of the ladder."""
    numbers = {merge.experiment: number for number, merge in enumerate(reads.merges(con), 1)}
    newest = sorted(numbers, key=lambda id: -numbers[id])[:NEWEST]
    found, known = {e.id: e for e in reads.named_experiments(con, newest)}, findings.known(con, rungs)
    return tuple(
        FindingLine(found[id], numbers[id], known.fresh.get(id, {}), known.claim(found[id]))
        for id in newest
        if id in found and found[id].state in IN_HEAD
    )
