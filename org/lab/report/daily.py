"""What the lab says on a standup's page around the ledger's tables and everybody's words."""

import sqlite3
from datetime import datetime

from org.comms import standup as page
from org.comms.standup import Around
from org.config import timezone
from org.lab.devices import page as devices_page
from org.lab.devices import reading
from org.lab.drift import page as drift_page
from org.lab.guiding import decisions
from org.lab.lab import Lab
from org.lab.report import numbers, quality
from org.lab.screen import screens
from org.lab.spend import forecast
from org.model.standup import Standup
from org.store import reads


def around(lab: Lab, con: sqlite3.Connection, standup: Standup, now: datetime) -> Around:
    """What the lab adds to the tables of the ledger. It reads a whole night, so it is asked for outside a transaction."""
    since = page.covers_since(con, standup)
    begin = since or reading.began(con) or standup.asked_at
    outlook = (forecast.page(lab, since, now), devices_page.section(lab, since, now))
    return Around(
        decisions=decisions.of_person(lab, con),
        care=_care(lab, con),
        brought=numbers.of(lab, con, begin, now),
        outlook="\n\n".join(part for part in outlook if part),
        quality=quality.page(lab, con, numbers.decided(con), "Since the lab began"),
        wrong=quality.wrong_turns(numbers.decided(con, begin), page.LINK),
        knows=lambda word: reads.knows(con, word),
        zone=timezone(lab.config),
    )


def _care(lab: Lab, con: sqlite3.Connection) -> list[str]:
    """What the lab says of its own measuring; of a screen only where something was screened."""
    screened = screens.tally(lab, con).screened
    return [*([f"Screen: {screens.words(lab, con)}."] if screened else []), f"Drift: {drift_page.words(lab, con)}."]
