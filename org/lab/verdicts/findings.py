"""What the lab may claim: merges with their certificates, their labels, and the one number that may be quoted of each.

A finding is certified and, where the ladder has a larger rung, confirmed there.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

from org.comms import stacks
from org.comms.stacks import Together
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.model.experiment import IN_HEAD, Claim, Experiment, State
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.science.ladder import Gate
from org.store import reads, studies
from org.store.tables import EXPERIMENTS

ALGORITHM = "algorithm"


@dataclass(frozen=True, slots=True)
class Line:
    """One merge. gain, se, e, needed: of the certificate's fresh runs, None before there is one; shrunk: what to quote.
    scale: the largest rung on which it was tested, in words."""

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
    scale: str


@dataclass(frozen=True, slots=True)
class Findings:
    """found: what was asked for. certified, confirmed, merges: of the whole lab; confirmed None: the ladder has one rung.
    stacks: what entered the lab's head as one; of what is in one no other gain is reported."""

    found: tuple[Line, ...]
    certified: int
    confirmed: int | None
    merges: int
    stacks: tuple[Together, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one rung foretells the target."""

    rung: int
    name: str
    pairs: int
    gate: Gate


@dataclass(frozen=True, slots=True)
class Transfers:
    """Every change on the rungs that it was run on; names: of the rungs, the first one's too."""

    names: tuple[str, ...]
    rows: tuple[ladder.Transfer, ...]
    gates: tuple[Standing, ...]


def of(lab: Lab, con: sqlite3.Connection, failed_transfer: bool = False, every: bool = False) -> Findings:
    """Findings in the ledger's order; or what failed its transfer; or all in a head."""
    climbs = len(lab.config.task.ladder) > 1
    numbers = {m.experiment: number for number, m in enumerate(reads.merges(con), 1)}
    rows = [EXPERIMENTS.get(con, id) for id in sorted(numbers, key=lambda id: numbers[id])]
    confirmed = {e.id for e in rows if ladder.is_confirmed(con, e.id)} if climbs else None

    def is_wanted(e: Experiment) -> bool:
        if every or failed_transfer:
            return e.state in (IN_HEAD if every else {State.FAILED_TRANSFER})
        return e.state is State.CERTIFIED and (confirmed is None or e.id in confirmed)

    found = tuple(_line(lab, con, e, numbers[e.id]) for e in rows if is_wanted(e))
    count = None if confirmed is None else len(confirmed)
    certified, merged = sum(e.state is State.CERTIFIED for e in rows), sum(e.state in IN_HEAD for e in rows)
    return Findings(found, certified, count, merged, tuple(stacks.of(con)))


def is_one(lab: Lab, con: sqlite3.Connection, e: Experiment) -> bool:
    """Whether it is a finding now."""
    return e.state is State.CERTIFIED and (len(lab.config.task.ladder) == 1 or ladder.is_confirmed(con, e.id))


def transfers(lab: Lab, con: sqlite3.Connection) -> Transfers:
    """Small to target: what each change gained on each rung, and how far the small ones foretell the last."""
    names = tuple(ladder.named(lab, n) for n in range(len(lab.config.task.ladder)))
    gates = tuple(Standing(n, names[n], len(ladder.pairs(lab, con, n)), ladder.gate(lab, con, n)) for n in range(ladder.top(lab)))
    return Transfers(names, tuple(ladder.transfers(lab, con)), gates)


def _line(lab: Lab, con: sqlite3.Connection, e: Experiment, merge: int) -> Line:
    tests = [s for s in studies.of_subject(con, Kind.CERTIFICATE, e.id) if s.state is StudyState.DONE]
    told: dict[str, Any] = tests[-1].outcome if tests else {}
    tested = ladder.highest(con, e.id)
    return Line(
        e.id, e.program, e.subject, e.state.value, e.label, merge, told.get("gain"), told.get("se"), told.get("e"),
        told.get("needed"), told.get("shrunk_gain"), told.get("p_not_positive"), _claim(lab, con, e, told, tested),
        _scale(lab, tested),
    )  # fmt: skip


def _scale(lab: Lab, tested: Study | None) -> str:
    if tested is None:
        return "its own only" if len(lab.config.task.ladder) > 1 else ""
    plan = tested.plan
    where = f"rung {plan['rung']}" if plan["depth"] is None else f"depth {plan['depth']}"
    return f"{'held' if tested.outcome.get('held') else 'did not hold'} at {where}" + (" (bundle)" if plan["bundle"] else "")


def _claim(lab: Lab, con: sqlite3.Connection, e: Experiment, told: dict[str, Any], tested: Study | None) -> str:
    """What may be said of it, in words."""
    if e.state is State.FAILED_TRANSFER:
        return "nothing beyond its own scale"
    if e.state is not State.CERTIFIED:
        return "nothing yet: `org certify` tests it on fresh seeds" if not told else "nothing: its fresh runs do not show it"
    if len(lab.config.task.ladder) > 1 and (tested is None or not tested.outcome.get("held")):
        return f"nothing yet: `org promote {e.id}` tests it at a larger scale"
    others = len(tested.plan["experiments"]) - 1 if tested is not None and tested.plan["bundle"] else 0
    together = f"; confirmed only together with {others} others" if others else ""
    if e.claim is Claim.SIMPLIFY:
        return f"no regression beyond {e.margin:g}{together}"
    entered = stacks.with_(con, e.id)
    if entered is not None and len(entered.members) > 1:
        return f"it is in {entered.study}: {entered.words}; its own gain is not reported{together}"
    said = f"better by {told['shrunk_gain']:.4g} (measured {told['gain']:+.4g} ± {told['se']:.2g})"
    if e.label == ALGORITHM:
        return f"{said} at equal compute{together}"
    return f"{said} at the lab's budget; {e.label or 'not matched for compute'}: no claim about learning{together}"
