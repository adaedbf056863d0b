"""Merged changes that the ladder lets go to a larger rung. They ask for themselves as soon as a device idles and nothing
waits (promote.py, which also asks a person where one costs much), so here they are only shown."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import settings
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.lab.rungs import offers as promote_offers


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """Those of the config's `protocol.promote: auto`; else somebody says `org promote`."""
    whose = lab.config.protocol.promote
    by_itself = "as soon as a device idles and nothing waits" if whose == "auto" else f"when {whose} says `org promote`"
    for o in promote_offers.offers(lab, con):
        if o.step.promoted:
            at = settings.of_rung(lab, o.rung)
            seconds = value.run_seconds(lab, at.budget, at.gang)
            why = f"{o.step.reason}; to {ladder.named(lab, o.rung)}"
            yield Offer(
                "promotion", "+".join(o.experiments), value.CLAIM * seconds, seconds, why, lambda now: None, seconds,
                1, o.program, by_itself,
            )  # fmt: skip
