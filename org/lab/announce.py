"""Tell the author and the chief what became of an experiment. Posted in the transaction of the move itself."""

import sqlite3
from datetime import datetime

from org.lab.lab import Lab
from org.model.experiment import Experiment
from org.model.message import HUMAN, OFFICE, Kind
from org.store import mail
from org.store.tables import AGENTS


def verdict(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> None:
    """One message a reader and state, whatever happens in between: the id says which."""
    subject = f"{experiment.id} {experiment.state.value}: {experiment.subject}"
    body = f"{experiment.reason or 'no reason was given'}\n\nThe page: `org show {experiment.id}`."
    if experiment.label_detail.get("reason"):
        body = f"{experiment.reason}\n\nLabel: {experiment.label_detail['reason']}\n\nThe page: `org show {experiment.id}`."
    again = f"-{experiment.extra_runs}" if experiment.extra_runs else ""  # a continued race is told of once more
    for reader in dict.fromkeys((experiment.author, lab.chief)):
        if reader is not None and AGENTS.find(con, reader) is not None:
            mail.post(
                con, OFFICE, reader, Kind.VERDICT, subject, body, now, refs=(experiment.id,),
                id=f"verdict-{experiment.id}-{experiment.state.value}{again}-{reader}",
            )  # fmt: skip


def person(con: sqlite3.Connection, subject: str, body: str, now: datetime, id: str | None = None) -> None:
    """Something a person should see, once per id."""
    mail.post(con, OFFICE, HUMAN, Kind.NOTE, subject, body, now, id=id)
