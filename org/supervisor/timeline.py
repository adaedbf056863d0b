"""What each device does now goes into the timeline. After the schedule, and before health notes this tick: the tick before
it is what tells a gap."""

from datetime import datetime, timedelta

from org.lab.devices import strangers, timeline
from org.store import meta
from org.supervisor.office import Office

CARDS_EVERY = timedelta(seconds=15)  # asking NVML takes a moment
STRANGERS_EVERY = timedelta(seconds=1)  # while a card waits for somebody to leave it, nothing starts on it


def step(office: Office, now: datetime) -> None:
    lab = office.lab
    every = STRANGERS_EVERY if office.strangers else CARDS_EVERY
    if office.looked_at_cards is None or now - office.looked_at_cards >= every:
        office.looked_at_cards, office.strangers = now, strangers.on_cards(lab)
    seen = meta.get(lab.ledger.reader, "supervisor_seen_at")
    timeline.step(lab, now, datetime.fromisoformat(seen) if seen else None, office.strangers)
