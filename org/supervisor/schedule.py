"""Queued runs to free devices."""

from datetime import datetime

from org.lab import schedule
from org.store.tables import RUNS
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for id in schedule.step(office.lab, now):
        run = RUNS.get(office.lab.ledger.reader, id)
        office.say(f"{id} started · {run.experiment or run.purpose.value} · seed {run.seed} · {run.device}")
