"""What a person is shown of drift: when sentinels ran, what they said, and whether merges are frozen."""

import sqlite3
from typing import Any

from org.comms.figures import table
from org.lab.drift import drifting, freezing
from org.lab.lab import Lab
from org.lab.studies import sentinel
from org.model.study import State, Study

SHOWN = 10  # sentinels on a page


def state(lab: Lab, con: sqlite3.Connection) -> dict[str, Any]:
    """For --json: the freeze, the last sentinels, and the tries until the next."""
    return {
        "frozen": freezing.now(con), "tries_since": drifting.tries_since(con), "every_tries": lab.protocol.drift.every_tries,
        "sentinels": sentinel.every(con)[-SHOWN:],
    }  # fmt: skip


def words(lab: Lab, con: sqlite3.Connection) -> str:
    """One sentence: `last sentinel S4 …; 3 of 20 tries since`."""
    last = next((s for s in reversed(sentinel.every(con)) if s.state is not State.OPEN), None)
    told = (
        "no sentinel has run yet"
        if last is None
        else f"last sentinel {last.id} at {last.asked_at:%m-%d %H:%M} UTC: {last.reason}"
    )
    return f"{told}; {drifting.tries_since(con)} of {lab.protocol.drift.every_tries} tries since"


def page(lab: Lab, con: sqlite3.Connection) -> str:
    """The sentinels as a table, newest last, and the freeze."""
    freeze, found = freezing.now(con), sentinel.every(con)[-SHOWN:]
    parts = ["## Drift", f"frozen: {freezing.words(freeze)}" if freeze else words(lab, con)]
    if found:
        parts.append(table(("sentinel", "asked", "pool", "run", "device", "z", "better", "worse", "says"), map(_row, found)))
    return "\n\n".join(parts)


def _row(study: Study) -> tuple[object, ...]:
    told = study.outcome
    sums = [f"{told[key]:.2f}" if told.get(key) is not None else "–" for key in ("better", "worse")]
    z = f"{told['z']:+.2f}" if told.get("z") is not None else "–"
    says = study.reason or study.state.value
    return (
        study.id, f"{study.asked_at:%m-%d %H:%M}", study.subject, told.get("run", "–"), told.get("device") or "–", z, *sums, says,
    )  # fmt: skip
