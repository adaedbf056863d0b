"""Tell the author and the chief what became of an experiment. Posted in the transaction of the move itself."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.lab.lab import Lab
from org.model.experiment import Experiment
from org.model.message import HUMAN, OFFICE, Kind
from org.model.study import Study
from org.store import mail
from org.store.tables import AGENTS, EVENTS


def verdict(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> None:
    """One message a reader and state, whatever happens in between: the id says which."""
    subject = f"{experiment.id} {experiment.state.value}: {experiment.subject}"
    told = [experiment.reason or "no reason was given"]
    if experiment.label_detail.get("reason"):
        told.append(f"Label: {experiment.label_detail['reason']}")
    if experiment.screen.get("outcome") in ("passed", "bypassed"):  # of one that failed it is the reason
        told.append(f"Before its race: {experiment.screen['reason']}.")
    body = "\n\n".join([*told, f"The page: `org show {experiment.id}`."])
    # A race that was continued, or reopened, is told of once more.
    again = f"-{experiment.extra_runs}" if experiment.extra_runs else ""
    reopened = EVENTS.count(con, "WHERE kind = 'experiment.reopened' AND subject = ?", experiment.id)
    again += f"-again-{reopened}" if reopened else ""
    for reader in dict.fromkeys((experiment.author, lab.chief)):
        if reader is not None and AGENTS.find(con, reader) is not None:
            mail.post(
                con, OFFICE, reader, Kind.VERDICT, subject, body, now, refs=(experiment.id,),
                id=f"verdict-{experiment.id}-{experiment.state.value}{again}-{reader}",
            )  # fmt: skip


def asked(
    lab: Lab, con: sqlite3.Connection, study: Study, subject: str, body: str, now: datetime, also: Sequence[str] = ()
) -> None:  # fmt: skip
    """What a study found, once to each of: who asked for it, the chief (a person where there is none), also."""
    for reader in dict.fromkeys((study.asked_by, lab.chief or HUMAN, *also)):
        if reader == HUMAN or AGENTS.find(con, reader) is not None:
            mail.post(
                con, OFFICE, reader, Kind.NOTE, subject, body, now, refs=(study.id,), id=f"study-{study.id}-{reader}"
            )  # fmt: skip


def person(con: sqlite3.Connection, subject: str, body: str, now: datetime, id: str | None = None) -> None:
    """Something a person should see, once per id."""
    mail.post(con, OFFICE, HUMAN, Kind.NOTE, subject, body, now, id=id)
