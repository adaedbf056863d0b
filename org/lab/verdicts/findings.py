"""What the lab may claim: merges with their certificates, their labels, and the one number that may be quoted of each.

A finding is certified and, where the ladder has a larger rung, confirmed there.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from org.comms import stacks
from org.comms.figures import plural
from org.comms.stacks import Together
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.model.experiment import IN_HEAD, Claim, Experiment, State
from org.model.study import Kind, Study
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


@dataclass(frozen=True, slots=True)
class Known:
    """By experiment: the outcome of its certificate, the study of the largest rung it was tested on, the stack in which it is
    in the lab's head. rungs: of the ladder."""

    fresh: Mapping[str, Mapping[str, Any]]
    tested: Mapping[str, Study]
    stacks: Mapping[str, Together]
    rungs: int

    def is_one(self, e: Experiment) -> bool:
        """Whether it is a finding now."""
        return e.state is State.CERTIFIED and (self.rungs < 2 or ladder.held(self.tested.get(e.id)))

    def claim(self, e: Experiment) -> str:
        """What may be said of something in a head, in words."""
        told, tested = self.fresh.get(e.id, {}), self.tested.get(e.id)
        if e.state is State.FAILED_TRANSFER:
            return "nothing beyond its own scale"
        if e.state is not State.CERTIFIED:
            return "nothing: its fresh runs do not show it" if told else "nothing yet: `org certify` tests it on fresh seeds"
        if not self.is_one(e):
            return f"nothing yet: `org promote {e.id}` tests it at a larger scale"
        others = len(tested.plan["experiments"]) - 1 if tested is not None and tested.plan["bundle"] else 0
        together = f"; confirmed only together with {plural(others, 'other')}" if others else ""
        if e.claim is Claim.SIMPLIFY:
            return f"no regression beyond {e.margin:g}{together}"
        entered = self.stacks.get(e.id)
        if entered is not None and len(entered.members) > 1:
            return f"it is in {entered.study}: {entered.words}; its own gain is not reported{together}"
        said = f"better by {told['shrunk_gain']:.4g} (measured {told['gain']:+.4g} ± {told['se']:.2g})"
        if e.label == ALGORITHM:
            return f"{said} at equal compute{together}"
        return f"{said} at the lab's budget; {e.label or 'not matched for compute'}: no claim about learning{together}"


def known(con: sqlite3.Connection, rungs: int) -> Known:
    """All that claims rest on, read at once."""
    fresh = {study.subject: study.outcome for study in studies.done(con, Kind.CERTIFICATE)}
    return Known(fresh, ladder.tested(con), stacks.by_member(con), rungs)


def of(lab: Lab, con: sqlite3.Connection, failed_transfer: bool = False, every: bool = False) -> Findings:
    """Findings in the ledger's order; or what failed its transfer; or all in a head."""
    evidence = known(con, len(lab.config.task.ladder))
    numbers = {m.experiment: number for number, m in enumerate(reads.merges(con), 1)}
    rows = [EXPERIMENTS.get(con, id) for id in sorted(numbers, key=lambda id: numbers[id])]

    def is_wanted(e: Experiment) -> bool:
        if every or failed_transfer:
            return e.state in (IN_HEAD if every else {State.FAILED_TRANSFER})
        return evidence.is_one(e)

    found = tuple(_line(evidence, e, numbers[e.id]) for e in rows if is_wanted(e))
    confirmed = sum(ladder.held(evidence.tested.get(e.id)) for e in rows) if evidence.rungs > 1 else None
    certified, merged = sum(e.state is State.CERTIFIED for e in rows), sum(e.state in IN_HEAD for e in rows)
    return Findings(found, certified, confirmed, merged, tuple(stacks.of(con)))


def is_one(lab: Lab, con: sqlite3.Connection, e: Experiment) -> bool:
    """Whether it is a finding now."""
    return known(con, len(lab.config.task.ladder)).is_one(e)


def transfers(lab: Lab, con: sqlite3.Connection) -> Transfers:
    """Small to target: what each change gained on each rung, and how far the small ones foretell the last."""
    names = tuple(ladder.named(lab, n) for n in range(len(lab.config.task.ladder)))
    gates = tuple(Standing(n, names[n], len(ladder.pairs(lab, con, n)), ladder.gate(lab, con, n)) for n in range(ladder.top(lab)))
    return Transfers(names, tuple(ladder.transfers(lab, con)), gates)


def _line(evidence: Known, e: Experiment, merge: int) -> Line:
    told = evidence.fresh.get(e.id, {})
    return Line(
        e.id, e.program, e.subject, e.state.value, e.label, merge, told.get("gain"), told.get("se"), told.get("e"),
        told.get("needed"), told.get("shrunk_gain"), told.get("p_not_positive"), evidence.claim(e),
        _scale(evidence, evidence.tested.get(e.id)),
    )  # fmt: skip


def _scale(evidence: Known, tested: Study | None) -> str:
    if tested is None:
        return "its own only" if evidence.rungs > 1 else ""
    plan = tested.plan
    where = f"rung {plan['rung']}" if plan["depth"] is None else f"depth {plan['depth']}"
    return f"{'held' if ladder.held(tested) else 'did not hold'} at {where}" + (" (bundle)" if plan["bundle"] else "")
