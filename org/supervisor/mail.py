"""Requests of verbs, then letters of the outbox."""

from datetime import datetime

from org.lab import post, requests
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for answer in requests.step(office.lab, now):
        office.say(answer)
    post.step(office.lab, now)
