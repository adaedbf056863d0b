"""What each part of a change does, as a section of its page and in the letter to its author."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from org.comms.figures import gain, table
from org.model.study import Kind, State, Study
from org.store import studies


def page(rows: Sequence[Mapping[str, Any]], whole: float) -> str:
    """rows: name, what, role, effect, low, high, runs of each part. whole: the gain of the change, as measured."""
    head = ("part", "what", "result", "lost without it", "interval", "runs")
    body = [(r["name"], r["what"], r["role"], gain(r["effect"]), _interval(r), r["runs"] or "–") for r in rows]
    told = f"The whole gained {gain(whole)} in its race. Each part left out alone, whole and rest on the same seeds:"
    return f"{told}\n\n{table(head, body)}"


def section(con: sqlite3.Connection, id: str) -> str:
    """The newest ablation of an experiment; "" when there is none."""
    found = studies.of_subject(con, Kind.ABLATION, id)
    return f"## Its parts\n\n{_text(found[-1])}" if found else ""


def _text(study: Study) -> str:
    if study.state is State.OPEN:
        return f"{study.id} is under way: {len(study.plan['parts'])} parts, each left out alone."
    if "parts" not in study.outcome:
        return f"{study.id} {study.state.value}: {study.reason}"
    return f"{page(study.outcome['parts'], study.outcome['gain'])}\n\n({study.id}, asked by {study.asked_by})"


def _interval(row: Mapping[str, Any]) -> str:
    low, high = row["low"], row["high"]
    return "–" if low is None or high is None else f"{low:+.4f} to {high:+.4f}"
