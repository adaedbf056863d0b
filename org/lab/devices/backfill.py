"""Backfill: what idle devices do. Every kind of work offers what it could do with one (org/lab/offers), each offer says
what that is worth and what it costs (value.py), and the best per device-second is taken.

It never goes before a run that somebody asked for: it is only asked when no such run can use the device, and what it
queues is ranked behind them. It starts nothing that a limit, a pause or a low disk forbids, and no run that takes longer
than the longest one a verdict asks for. An idle device is not filled at any price: an agent that comes back would wait for
the run to end, so while agents are here an offer must be worth a quarter of what it costs, and where device-hours are
limited, half: a race may need them tomorrow. Only devices whose agents are away take anything.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.lab import settings
from org.lab.devices import value
from org.lab.devices.offers import ablations, baselines, certificates, curves, fresh, sentinels
from org.lab.devices.value import Offer, Offers
from org.lab.lab import Lab
from org.lab.spend import admission, away
from org.lab.spend.admission import Admission
from org.model.errors import Refused
from org.model.run import Purpose, Run
from org.model.run import State as RunState
from org.store import runs

OFFERING: tuple[Offers, ...] = (
    baselines.offers, fresh.offers, certificates.offers, curves.offers, sentinels.offers, ablations.offers,
)  # fmt: skip
HERE = 0.25  # the least rate while agents are here
LIMITED = 0.5  # the least rate where device-hours, or what they cost, are limited
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Judged:
    """An offer with what keeps it from being taken now; None: it is taken when a device idles."""

    offer: Offer
    objection: str | None


def fill(lab: Lab, free: int, now: datetime, offering: Sequence[Offers] = OFFERING) -> list[Run]:
    """Ask for runs for at most `free` devices that would idle. Returns the runs that may start at once; those of a study
    come with its next round."""
    if free <= 0:
        return []
    before = {run.id for run in runs.in_state(lab.ledger.reader, RunState.QUEUED)}
    kept, left = away.devices(lab, now), free
    admitting = admission.now(lab)
    for offer in best(lab, lab.ledger.reader, now, offering):
        if left <= 0:
            break
        if _objection(lab, offer, kept > 0, admitting, now) is None and _take(lab, offer, now):
            admitting.take(_as_run(lab, offer))
            left, kept = left - offer.runs, kept - offer.runs
    return [run for run in runs.in_state(lab.ledger.reader, RunState.QUEUED) if run.id not in before]


def best(lab: Lab, con: sqlite3.Connection, now: datetime, offering: Sequence[Offers] = OFFERING) -> list[Offer]:
    """All offers, the best per device-second first; of equals the one that costs less."""
    found = [offer for offers in offering for offer in offers(lab, con, now)]
    return sorted(found, key=lambda o: (-o.rate, o.device_seconds))


def judged(lab: Lab, now: datetime, offering: Sequence[Offers] = OFFERING) -> list[Judged]:
    """Every offer with what speaks against it now: what `org devices --why` shows. Reads only."""
    admitting, nobody_comes = admission.now(lab), away.devices(lab, now) > 0
    return [Judged(o, _objection(lab, o, nobody_comes, admitting, now)) for o in best(lab, lab.ledger.reader, now, offering)]


def least(lab: Lab, nobody_comes: bool) -> float:
    """The least rate at which anything is taken. nobody_comes: on a device whose agents are away."""
    limits = lab.config.limits
    if limits.device_hours is not None or (limits.dollars is not None and lab.config.device_dollars_per_hour):
        return LIMITED
    return 0.0 if nobody_comes else HERE


def _objection(lab: Lab, offer: Offer, nobody_comes: bool, admitting: Admission, now: datetime) -> str | None:
    if offer.by_itself:
        return offer.by_itself
    floor = least(lab, nobody_comes)
    if offer.rate < floor:
        return f"worth {offer.rate:.2f} of what it costs; {floor:g} is wanted {_because(floor)}"
    longest = max(_longest(lab), away.quiet_seconds(lab, now) if nobody_comes else 0.0)
    if offer.longest_seconds > longest * (1 + ROUNDING):
        return f"its longest run takes {offer.longest_seconds:.0f} s; no idle device is given away for more than {longest:.0f} s"
    return admitting.refuses(_as_run(lab, offer))


def _because(floor: float) -> str:
    return "where device-hours are limited" if floor == LIMITED else "while agents are here"


def _longest(lab: Lab) -> float:
    """Seconds of the longest run that a verdict asks for at the race's rung: the upper point of a compute curve."""
    return value.run_seconds(lab) * max(1.0, *(share for share, _ in lab.protocol.curve.ratios))


def _take(lab: Lab, offer: Offer, now: datetime) -> bool:
    try:
        offer.take(now)
    except Refused:  # it was offered by what the ledger says; its kind may know better
        return False
    return True


def _as_run(lab: Lab, offer: Offer) -> Run:
    """What admission is asked about: one run of the race at the cost of the offer's program."""
    at = settings.of_race(lab)
    return Run(
        id="", purpose=Purpose.STUDY, state=RunState.QUEUED, tree="", seed=0, slot=0, rung=at.rung, depth=at.depth,
        budget=at.budget, queued_at=datetime.min, program=offer.program, gang=at.gang,
    )  # fmt: skip
