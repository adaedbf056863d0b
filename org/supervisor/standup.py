"""The standup at its time, and a person's replies to it."""

from datetime import datetime

from org.lab import replies, standup
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    for line in replies.step(office.lab, now):  # first: a page that is written anew keeps what is in it, taken or not
        office.say(f"standup reply: {line}")
    for path in standup.step(office.lab, now):
        office.say(f"standup written: {path}")
