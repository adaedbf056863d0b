"""Certificates of merges that were not tested yet: what turns a merge into a claim."""

import math
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import settings
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.lab.studies import certificate as studies_of_merges
from org.model.experiment import Experiment
from org.model.study import Study
from org.science import certificate, evidence, tails
from org.science.labels import Label, may_be_claimed
from org.store import reads
from org.store.events import OFFICE
from org.store.tables import EXPERIMENTS

HIGHEST_Z = 12.0  # no certificate needs more


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """Every merge without a test whose label allows a claim."""
    numbers = {merge.experiment: number for number, merge in enumerate(reads.merges(con), 1)}
    given = len(studies_of_merges.given(con))
    for id, number in numbers.items():
        e = EXPERIMENTS.get(con, id)
        testable = e.state in studies_of_merges.TESTABLE and not studies_of_merges.is_asked(con, id, number)
        if testable and (not e.label or may_be_claimed(Label(e.label))):
            yield _offer(lab, e, odds(lab, e, number, given), number)


def odds(lab: Lab, e: Experiment, merge: int, given: int) -> float:
    """How probable it is that the certificate is given, if the gain is what the ledger claims (shrunk)."""
    sigma, f = float(e.decision.get("sigma") or 0.0), 2.0 / lab.protocol.certificate.runs
    if not sigma or e.gain is None:
        return 0.5
    least = certificate.needed(merge, given, lab.protocol)
    low, high = 0.0, HIGHEST_Z
    for _ in range(40):  # evidence rises with z
        middle = (low + high) / 2
        low, high = (middle, high) if evidence.e_pool(middle, f, lab.protocol.pool_scale) < least else (low, middle)
    return tails.normal_cdf(e.gain / (sigma * math.sqrt(f)) - high)


def _offer(lab: Lab, e: Experiment, chance: float, number: int) -> Offer:
    at, runs = settings.of_race(lab), 2 * lab.protocol.certificate.runs
    one = value.run_seconds(lab, at.budget, at.gang)

    def take(now: datetime) -> Study:
        with lab.ledger.transaction() as tx:
            return studies_of_merges.ask(lab, tx, e.id, OFFICE, now)

    why = f"merge {number} is not tested; it becomes a claim with {chance:.0%}, if its gain is {e.gain or 0.0:+.2g}"
    return Offer("certificate", e.id, value.CLAIM * chance * runs * one, runs * one, why, take, one, runs)
