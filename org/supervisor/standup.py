"""The standup at its time."""

from datetime import datetime

from org.lab import standup
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for path in standup.step(office.lab, now):
        office.say(f"standup written: {path}")
