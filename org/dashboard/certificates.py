"""What is in a head, with its certificate: the tab of findings. What may be claimed of one is said by `org findings`."""

import sqlite3

from org.dashboard.state import FindingLine
from org.model.experiment import IN_HEAD
from org.model.study import Kind
from org.store import reads, studies

NEWEST = 300


def read(con: sqlite3.Connection) -> tuple[FindingLine, ...]:
    """The newest merge first."""
    numbers = {merge.experiment: number for number, merge in enumerate(reads.merges(con), 1)}
    newest = sorted(numbers, key=lambda id: -numbers[id])[:NEWEST]
    tests = {study.subject: study.outcome for study in studies.done(con, Kind.CERTIFICATE)}
    found = {e.id: e for e in reads.named_experiments(con, newest)}
    return tuple(
        FindingLine(found[id], numbers[id], tests.get(id, {})) for id in newest if id in found and found[id].state in IN_HEAD
    )
