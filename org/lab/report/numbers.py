"""What a span of time brought and cost, in sentences: the same in a standup and in a report. Everything from the ledger."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from org.comms.figures import gain, plural
from org.lab.devices import reading
from org.lab.devices.reading import DeviceTime
from org.lab.lab import Lab
from org.lab.spend import spending
from org.model.experiment import VERDICTS, Experiment
from org.model.experiment import State as ExperimentState
from org.model.study import Kind, State, Study
from org.store import rows
from org.store.tables import EXPERIMENTS, STUDIES

CAUSES = 6  # of idle time, the largest first
LEAST_SECONDS = 360.0  # of one cause, to be named
PER = 0.001  # metric units: what a gain of this size cost


def decided(con: sqlite3.Connection, since: datetime | None = None) -> list[Experiment]:
    """In the order of their verdicts; None: of all times."""
    states = ", ".join("?" * len(VERDICTS))
    tail = f"WHERE decided_at >= ? AND state IN ({states}) ORDER BY decided_at, CAST(substr(id, 2) AS INTEGER)"
    return EXPERIMENTS.select(con, tail, rows.encode(since) if since else "", *(state.value for state in VERDICTS))


def certificates(con: sqlite3.Connection, since: datetime) -> list[Study]:
    """Tests for a claim that ended since, oldest first."""
    tail = "WHERE kind = ? AND state = ? AND done_at >= ? ORDER BY done_at"
    return STUDIES.select(con, tail, Kind.CERTIFICATE.value, State.DONE.value, rows.encode(since))


def standing(con: sqlite3.Connection, tested: Sequence[Study]) -> list[Study]:
    """Those that were given, without those whose merge was taken out of the head since: their gain is there no more."""
    given = [study for study in tested if study.outcome.get("certified")]
    out = {e.id for e in EXPERIMENTS.select(con, "WHERE state = ?", ExperimentState.REVERTED.value)}
    return [study for study in given if study.subject not in out]


def of(lab: Lab, con: sqlite3.Connection, since: datetime, now: datetime) -> list[str]:
    """Device-hours and idle time, tokens and dollars, the certified gain and what it cost."""
    together = reading.of_all(reading.read(con, [device.name for device in lab.devices], since, now))
    hours, price = device_hours(con, since), lab.config.device_dollars_per_hour
    tokens, dollars = spending.between(con, since, now)
    given = standing(con, certificates(con, since))
    busy = f", devices {together.busy_share:.0%} busy." if together.busy_share is not None else "."
    calls = f"{spending.amount(tokens)} tokens of models" if tokens else "No model was called"
    calls += f", ${dollars:.2f}" if dollars else ""
    found = [
        f"{_few(hours)} device-hours of finished runs{busy}",
        _idle(together),
        calls + (f"; devices ${hours * price:.2f}." if price else "."),
        _certified(given, dollars + hours * (price or 0.0), hours, lab.config.task.metric),
    ]
    return [line for line in found if line]


def device_hours(con: sqlite3.Connection, since: datetime) -> float:
    """Of runs that ended since; a gang counts each of its devices."""
    row = con.execute(
        "SELECT coalesce(sum(total_seconds * gang), 0.0) FROM runs WHERE finished_at >= ?", (rows.encode(since),)
    ).fetchone()  # fmt: skip
    return float(row[0]) / 3600


def _few(hours: float) -> str:
    return f"{hours:.1f}" if hours >= 1 else f"{hours:.2g}"


def _idle(together: DeviceTime) -> str:
    causes = [f"{cause.value} {seconds / 3600:.1f} h" for cause, seconds in together.idle_seconds.items()
              if seconds >= LEAST_SECONDS]  # fmt: skip
    return f"Idle device-hours by cause: {', '.join(causes[:CAUSES])}." if causes else ""


def _certified(given: Sequence[Study], dollars: float, hours: float, unit: str) -> str:
    if not given:
        return "Nothing was certified in this time, so there is no gain that may be quoted."
    won = sum(float(study.outcome["shrunk_gain"]) for study in given)
    total = f"${dollars:.2f}" if dollars else f"{_few(hours)} device-hours"
    told = f"Certified gain: {gain(won)} {unit} from {plural(len(given), 'certificate')}, each by itself and shrunk, added up"
    return f"{told}; for {total}: {_price(dollars, hours, len(given))} a certificate{_rate(dollars, hours, won, unit)}."


def _rate(dollars: float, hours: float, won: float, unit: str) -> str:
    return f", {_price(dollars, hours, won / PER)} for each {PER:g} {unit}" if won > 0 else ""


def _price(dollars: float, hours: float, share: float) -> str:
    return f"${dollars / share:.2f}" if dollars else f"{hours / share:.2g} device-hours"
