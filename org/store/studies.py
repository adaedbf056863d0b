"""Studies: asked for, settled; each with its event."""

import sqlite3
from dataclasses import replace
from datetime import datetime
from typing import Any

from org.model.run import OUTSTANDING, Run
from org.model.study import Kind, State, Study
from org.store import events
from org.store.tables import RUNS, STUDIES


def ask(
    con: sqlite3.Connection, kind: Kind, subject: str, asked_by: str, now: datetime, program: str | None = None,
    **plan: Any,
) -> Study:  # fmt: skip
    """Open a study. One of the same kind and plan about the same subject that is open already is returned instead."""
    for study in of_subject(con, kind, subject):
        if study.state is State.OPEN and study.plan == plan:
            return study
    study = Study(STUDIES.next_name(con, "S"), kind, subject, State.OPEN, asked_by, now, program, plan)
    STUDIES.insert(con, study)
    events.append(con, "study.asked", study.id, asked_by, now, of=kind.value, subject=subject)
    return study


def open_(con: sqlite3.Connection, *kinds: Kind) -> list[Study]:
    """Studies that are not settled, oldest first; of these kinds, or of all."""
    marks = ", ".join("?" * len(kinds))
    where = f"AND kind IN ({marks})" if kinds else ""
    return STUDIES.select(con, f"WHERE state = 'open' {where} ORDER BY CAST(substr(id, 2) AS INTEGER)", *(k.value for k in kinds))


def of_subject(con: sqlite3.Connection, kind: Kind, subject: str) -> list[Study]:
    """Every study of that kind about the subject, oldest first."""
    tail = "WHERE kind = ? AND subject = ? ORDER BY CAST(substr(id, 2) AS INTEGER)"
    return STUDIES.select(con, tail, kind.value, subject)


def done(con: sqlite3.Connection, kind: Kind) -> list[Study]:
    """Settled studies of a kind with their outcome, in the order in which they were asked for."""
    tail = "WHERE kind = ? AND state = 'done' ORDER BY CAST(substr(id, 2) AS INTEGER)"
    return STUDIES.select(con, tail, kind.value)


def done_count(con: sqlite3.Connection) -> int:
    """Of all kinds."""
    return STUDIES.count(con, "WHERE state = 'done'")


def remember(con: sqlite3.Connection, study: Study, **plan: Any) -> Study:
    """Add to what a study plans, between its rounds."""
    STUDIES.update(con, study.id, plan=study.plan | plan)
    return replace(study, plan=study.plan | plan)


def settle(
    con: sqlite3.Connection, study: Study, state: State, now: datetime, reason: str, outcome: dict[str, Any] | None = None
) -> Study:
    """End a study. A settled one stays as it is."""
    if STUDIES.get(con, study.id).state is not State.OPEN:
        return study
    STUDIES.update(con, study.id, state=state, reason=reason, outcome=outcome or {}, done_at=now)
    events.append(con, f"study.{state.value}", study.id, at=now, of=study.kind.value, subject=study.subject, reason=reason)
    return STUDIES.get(con, study.id)


def runs_of(con: sqlite3.Connection, study: str) -> list[Run]:
    """Every run of the study, in order."""
    return RUNS.select(con, "WHERE study = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", study)


def outstanding_of(con: sqlite3.Connection, study: str) -> list[Run]:
    """Its runs that have not ended."""
    return [run for run in runs_of(con, study) if run.state in OUTSTANDING]
