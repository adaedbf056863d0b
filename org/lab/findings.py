"""What the lab may claim: merges with their certificates, their labels, and the one number that may be quoted of each."""

import sqlite3
from dataclasses import dataclass
from typing import Any

from org.model.experiment import IN_HEAD, Claim, Experiment, State
from org.model.study import Kind
from org.model.study import State as StudyState
from org.store import reads, studies
from org.store.tables import EXPERIMENTS

ALGORITHM = "algorithm"
CLAIMABLE = (State.CONFIRMED, State.CERTIFIED)


@dataclass(frozen=True, slots=True)
class Line:
    """One merge. gain, se, e, needed: of the certificate's fresh runs, None before there is one; shrunk: what to quote."""

    experiment: str
    program: str
    subject: str
    state: str
    label: str
    merge: int
    gain: float | None
    se: float | None
    e: float | None
    needed: float | None
    shrunk: float | None
    p_not_positive: float | None
    claim: str


@dataclass(frozen=True, slots=True)
class Findings:
    """found: what was asked for. certified, merges: of the whole lab."""

    found: tuple[Line, ...]
    certified: int
    merges: int


def of(con: sqlite3.Connection, failed_transfer: bool = False, every: bool = False) -> Findings:
    """Confirmed and certified merges in the ledger's order; or those that failed their transfer; or all in a head."""
    states = IN_HEAD if every else (State.FAILED_TRANSFER,) if failed_transfer else CLAIMABLE
    numbers = {m.experiment: number for number, m in enumerate(reads.merges(con), 1)}
    rows = [EXPERIMENTS.get(con, id) for id in sorted(numbers, key=lambda id: numbers[id])]
    found = tuple(_line(con, e, numbers[e.id]) for e in rows if e.state in states)
    return Findings(found, sum(e.state is State.CERTIFIED for e in rows), sum(e.state in IN_HEAD for e in rows))


def _line(con: sqlite3.Connection, e: Experiment, merge: int) -> Line:
    tests = [s for s in studies.of_subject(con, Kind.CERTIFICATE, e.id) if s.state is StudyState.DONE]
    told: dict[str, Any] = tests[-1].outcome if tests else {}
    return Line(
        e.id, e.program, e.subject, e.state.value, e.label, merge, told.get("gain"), told.get("se"), told.get("e"),
        told.get("needed"), told.get("shrunk_gain"), told.get("p_not_positive"), _claim(e, told),
    )  # fmt: skip


def _claim(e: Experiment, told: dict[str, Any]) -> str:
    """What may be said of it, in words."""
    if e.state is State.FAILED_TRANSFER:
        return "nothing beyond its own scale"
    if e.state is not State.CERTIFIED:
        return "nothing yet: `org certify` tests it on fresh seeds" if not told else "nothing: its fresh runs do not show it"
    if e.claim is Claim.SIMPLIFY:
        return f"no regression beyond {e.margin:g}"
    said = f"better by {told['shrunk_gain']:.4g} (measured {told['gain']:+.4g} ± {told['se']:.2g})"
    if e.label == ALGORITHM:
        return f"{said} at equal compute"
    return f"{said} at the lab's budget; {e.label or 'not matched for compute'}: no claim about learning"
