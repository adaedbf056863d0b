"""Outcomes of keepers."""

from datetime import datetime

from org.lab import collect
from org.store.tables import RUNS
from org.supervisor import titles
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for id in collect.step(office.lab, now):
        run = RUNS.get(office.lab.ledger.reader, id)
        value = f"{office.lab.config.task.metric} {run.metric:.4f}" if run.metric is not None else run.reason
        office.say(f"{id} {run.state.value} · {titles.run_for(run)} · {run.device} · {value}")
