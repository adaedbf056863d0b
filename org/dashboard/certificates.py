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
    found, held = {e.id: e for e in reads.named_experiments(con, newest)}, _held(con)
    return tuple(
        FindingLine(found[id], numbers[id], tests.get(id, {}), held.get(id))
        for id in newest
        if id in found and found[id].state in IN_HEAD
    )


def _held(con: sqlite3.Connection) -> dict[str, bool]:
    """Whether an experiment held on the largest rung that it was tested on, as org.lab.rungs has it: its own test before a
    bundle's, the newest last."""
    done = sorted(studies.done(con, Kind.RUNG), key=lambda s: (s.plan["rung"], not s.plan["bundle"], int(s.id[1:])))
    return {id: bool(study.outcome.get("held")) for study in done for id in study.plan["experiments"]}
