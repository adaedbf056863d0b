"""Whether there is a screen and how far it is trusted: by the config, by how long a full run takes, and by what screened
ideas gave in full. Read only."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from org.lab import settings
from org.lab.lab import Lab
from org.lab.spend import history
from org.model.errors import Refused
from org.model.experiment import Claim, Experiment, State
from org.science import screen
from org.science.screen import Outcome, Pair, Standing
from org.store import reads

THROUGH = (Outcome.PASSED.value, Outcome.BYPASSED.value)  # run in full


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether ideas are screened at all, and why (not)."""

    on: bool
    why: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What screens said so far, at today's budgets; pairs: screened and raced."""

    screened: int
    passed: int
    bypassed: int
    failed: int
    pairs: int


def switch(lab: Lab) -> Switch:
    """By the config and the length of a full run. A run whose length nobody has measured yet is raced, not screened."""
    wanted = lab.config.protocol.screen
    if wanted == "off":
        return Switch(False, "protocol.screen is off")
    if not _can_be_shortened(lab):
        return Switch(False, "its runs cannot be shortened: task.command has no {budget}, or the budget is one step")
    if wanted == "on":
        return Switch(True, "protocol.screen is on")
    full, least = history.run_seconds(lab), lab.protocol.screen.min_full_seconds
    if not full.measured and not lab.rung.run_budget.endswith("s"):
        return Switch(False, "no full run has ended yet, so nobody knows whether a screen is worthwhile")
    told = f"a full run takes about {full.number:.0f} s; a screen is worthwhile from {least:.0f} s on"
    return Switch(screen.is_worthwhile(full.number, True, lab.protocol), told)


def standing(lab: Lab, con: sqlite3.Connection) -> Standing:
    """The bar for the next idea, from all ideas that were screened at today's budgets."""
    ended = screened(lab, con)
    return screen.standing(_pairs(con, ended), len(ended), lab.protocol)


def tally(lab: Lab, con: sqlite3.Connection) -> Tally:
    """What screens said so far."""
    ended = screened(lab, con)
    passed, bypassed, failed = (sum(e.screen["outcome"] == end for e in ended) for end in (*THROUGH, Outcome.FAILED.value))
    return Tally(len(ended), passed, bypassed, failed, len(_pairs(con, ended)))


def screened(lab: Lab, con: sqlite3.Connection) -> list[Experiment]:
    """Experiments whose screen was judged, at today's budgets: another budget is another screen."""
    scale = _scale(lab)
    return [e for e in reads.experiments(con) if e.screen and (e.screen["budget"], e.screen["full_budget"]) == scale]


def wants(experiment: Experiment) -> bool:
    """Whether it is to be screened. Of what was reopened only what its screen had discarded: the others were raced."""
    return experiment.state is State.APPROVED or experiment.screen.get("outcome") == Outcome.FAILED.value


def words(lab: Lab, con: sqlite3.Connection) -> str:
    """One sentence for status and standup: `12 screened: 5 passed, 1 bypassed, 6 failed; bar 0.5 …`."""
    at = switch(lab)
    found = tally(lab, con)
    counted = (
        f"{found.screened} screened: {found.passed} passed, {found.bypassed} of the failed run in full all the same, "
        f"{found.failed} discarded"
    )
    if not at.on:
        return f"off: {at.why}" + (f"; {counted}" if found.screened else "")
    return f"{counted}; {standing(lab, con).reason}"


def _scale(lab: Lab) -> tuple[str, str]:
    try:
        return settings.of_screen(lab).budget, lab.rung.run_budget
    except Refused:
        return "", lab.rung.run_budget


def _can_be_shortened(lab: Lab) -> bool:
    short, full = _scale(lab)
    return "{budget}" in lab.config.task.command and short not in ("", full)


def _pairs(con: sqlite3.Connection, ended: Sequence[Experiment]) -> list[Pair]:
    """Screens with the first full run of the same idea, as its first look saw it. A margin is in both or in neither."""
    full = _first_gains(con)
    return [
        Pair(e.screen["z"], full[e.id] + (e.margin if e.claim is Claim.SIMPLIFY else 0.0), e.screen["outcome"] != "passed")
        for e in ended if e.id in full and e.screen["outcome"] in THROUGH
    ]  # fmt: skip


def _first_gains(con: sqlite3.Connection) -> dict[str, float]:
    """Experiment → the gain of its first full run; of a race that started over, the newer one's."""
    rows = con.execute(
        "SELECT experiment, decision FROM verdicts WHERE kind = 'race' AND json_extract(decision, '$.candidate_runs') = 1 "
        "ORDER BY id"
    )
    return {str(row["experiment"]): float(json.loads(row["decision"])["gain"]) for row in rows}
