"""Queued runs to free devices."""

from datetime import datetime

from org.lab import schedule
from org.store.tables import RUNS
from org.supervisor import titles
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for id in schedule.step(office.lab, now, office.strangers):
        run = RUNS.get(office.lab.ledger.reader, id)
        office.say(f"{id} started · {titles.run_for(run)} · seed {run.seed} · {run.device}")
    for told in office.lab.images.given_up():
        office.say(told)
