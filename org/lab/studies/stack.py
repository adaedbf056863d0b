"""A stack: changes that programs merged, measured together on the lab's head. Gains do not add, so what the stack gains is
the only gain that is reported of its members. `science.stack` decides; what falls short is taken apart, and what does harm
stays out. The rest enters the lab's head when it is better at all: by the z that a merge needs on a moved head.
"""

import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from org.comms.figures import gain
from org.lab import announce, pools
from org.lab.lab import Lab
from org.lab.merging import heads
from org.lab.merging import trees as stack_trees
from org.lab.studies import arms
from org.lab.studies.kind import Finding, Wanted
from org.model.experiment import Claim
from org.model.merge import Kind as Move
from org.model.pool import Pool
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import stack
from org.science.protocol import Protocol
from org.science.stack import Decision, Next
from org.store import studies
from org.store.tables import EXPERIMENTS, MERGES, STUDIES
from org.workspace import merges as git_merges

RANK = 5.0  # after everything that a verdict waits for, before what only reports
MOVED = "the lab's head moved meanwhile; `org stack` asks anew"


@dataclass(frozen=True, slots=True)
class StackStudy:
    """plan: head, base, pool (of the lab's head); units, stack, without, alone, left (stack_trees.py); dropped."""

    kind: Kind = Kind.STACK
    rank: float = RANK
    backfill: bool = False
    spares_failures: bool = True

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """The stack and its base first, then each stack that lacks one; after a drop the rest as a stack of its own."""
        while study.plan["units"] and study.plan["stack"] != study.plan["base"] and _failed(con, study, values) is None:
            first = _first(lab, con, study, values)
            if first:
                return first
            decision = _decide(lab, con, study, values)
            if decision.next is Next.LEAVE_ONE_OUT:
                pool, count = arms.pool(con, study.plan["pool"]), lab.protocol.stack.leave_one_out_runs
                reduced = _running(con, study, values, (w["tree"] for w in study.plan["without"].values()))
                return arms.lacking(lab, con, pool, values, reduced, count)
            if decision.next is not Next.DROP:
                break
            study = _without(lab, con, study, decision)
        return []

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """The stack enters the lab's head, or it does not; who asked and the chief are told."""
        study = STUDIES.get(con, study.id)  # with what the last round dropped
        plan, failed = study.plan, _failed(con, study, values)
        if failed is not None:
            what = "the stack" if failed.tree == plan["stack"] else "the lab's head"
            told = f"{what} does not run ({failed.id}: {failed.reason})"
            return _tell(lab, con, study, Finding(told, {"taken": []}, failed=True), now)
        if not plan["units"]:
            return _tell(lab, con, study, Finding(_left(plan), {"taken": []}, failed=True), now)
        if plan["stack"] == plan["base"]:
            had = f"the lab's head runs the same as with {study.subject}"
            return _tell(lab, con, study, Finding(had, {"taken": []}, failed=True), now)
        wrong = heads.objection(lab, con) or (MOVED if heads.of_lab(lab, con) != plan["head"] else None)
        if wrong is not None:
            return _tell(lab, con, study, Finding(wrong, {"taken": []}, failed=True), now)
        decision, taken = _decide(lab, con, study, values), _experiments(con, plan)
        z = _z(lab, con, study, values, decision)
        enters = z >= lab.protocol.recheck.z
        if enters:
            _intend(lab, con, study, taken, decision, now)
        outcome = _outcome(lab, con, study, values, decision) | {"z": z, "taken": taken if enters else [], "members": taken}
        said = _words(lab, plan, taken, decision, z, enters, _needed(con, study, values))
        return _tell(lab, con, study, Finding(said, outcome), now)


def _first(lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run]) -> list[Wanted]:
    """What the first look lacks."""
    pool, runs = arms.pool(con, study.plan["pool"]), lab.protocol.stack.runs
    alone = _running(con, study, values, study.plan["alone"].values())
    wanted = arms.lacking(lab, con, pool, values, [study.plan["stack"], *alone], runs)
    return wanted + arms.base_lacking(lab, con, pool, values, runs)


def _failed(con: sqlite3.Connection, study: Study, values: Sequence[Run]) -> Run | None:
    """A run of the stack or of its base that failed for good. That of a part of it says something of the part only."""
    sides = (arms.broken(con, study, values, study.plan[name]) for name in ("stack", "base"))
    return next((run for run in sides if run is not None), None)


def _running(con: sqlite3.Connection, study: Study, values: Sequence[Run], trees: Iterable[str]) -> list[str]:
    return [tree for tree in trees if arms.broken(con, study, values, tree) is None]


def _needed(con: sqlite3.Connection, study: Study, values: Sequence[Run]) -> list[str]:
    """The members without which the stack does not run."""
    return [name for name, w in study.plan["without"].items() if arms.broken(con, study, values, w["tree"]) is not None]


def _decide(lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run]) -> Decision:
    plan, pool = study.plan, arms.pool(con, study.plan["pool"])
    base, mine = arms.with_pool(lab, con, pool, values), arms.of(lab, values, plan["stack"])
    own = f"pool-{pool.id}"
    alone = {tree: arms.of(lab, values, tree) for tree in _running(con, study, values, plan["alone"].values())}
    members = [u.member(alone.get(plan["alone"].get(u.name, ""), []), base, own) for u in stack_trees.units_of(plan)]
    without = {name: arms.of(lab, values, reduced["tree"]) for name, reduced in plan["without"].items()}
    return stack.decide(
        members, base, own, mine, without, spread=arms.spread(lab, con, pool, values)[0], dropped=len(plan["dropped"]),
        needed=_needed(con, study, values), protocol=_protocol(lab, pool),
    )  # fmt: skip


def _protocol(lab: Lab, pool: Pool) -> Protocol:
    """With this pool: on a smaller one its seeds are enough."""
    rules, most = lab.protocol.stack, pools.size(lab, pool)
    capped = replace(rules, runs=min(rules.runs, most), leave_one_out_runs=min(rules.leave_one_out_runs, most))
    return replace(lab.protocol, stack=capped)


def _without(lab: Lab, con: sqlite3.Connection, study: Study, decision: Decision) -> Study:
    """The study goes on with what is left: without the worst, and without what stands only on it."""
    plan = study.plan
    gone = plan["without"][decision.drop]["drops"]
    rest = [unit for unit in stack_trees.units_of(plan) if unit.name not in gone]
    dropped = [*plan["dropped"], *([name, decision.reason] for name in gone)]
    return studies.remember(con, study, **stack_trees.plan(lab, plan["head"], rest) | {"dropped": dropped, "left": plan["left"]})


def _z(lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], decision: Decision) -> float:
    """How far the stack is above its base in standard errors; a simplification is allowed its margin."""
    pool = arms.pool(con, study.plan["pool"])
    base, mine = arms.with_pool(lab, con, pool, values), arms.of(lab, values, study.plan["stack"])
    known = [EXPERIMENTS.get(con, id) for id in _experiments(con, study.plan)]
    margin = math.fsum(e.margin for e in known if e.claim is Claim.SIMPLIFY)
    se = arms.spread(lab, con, pool, values)[0] * math.sqrt(1.0 / len(base) + 1.0 / len(mine))
    return (decision.gain + margin) / se


def _experiments(con: sqlite3.Connection, plan: dict[str, Any]) -> list[str]:
    return [MERGES.get(con, id).experiment for unit in stack_trees.units_of(plan) for id in unit.merges]


def _intend(
    lab: Lab, con: sqlite3.Connection, study: Study, taken: Sequence[str], decision: Decision, now: datetime
) -> None:  # fmt: skip
    lines = [f"{e.id}: {e.subject} ({(e.merged_commit or '')[:12]})" for e in (EXPERIMENTS.get(con, id) for id in taken)]
    said = f"{study.id}: {', '.join(taken)} into the lab's head\n\n" + "\n".join(lines) + f"\n\n{decision.reason}\n"
    new = git_merges.commit(lab.git, study.plan["stack"], [study.plan["head"]], said)
    heads.intend(lab, con, Move.STACK, study.id, "", study.plan["head"], new, study.plan["stack"], now, taken=list(taken))


def _outcome(
    lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], decision: Decision
) -> dict[str, Any]:  # fmt: skip
    pool = arms.pool(con, study.plan["pool"])
    return {
        "gain": decision.gain, "shrunk_gain": decision.shrunk_gain, "p_not_positive": decision.p_not_positive,
        "expected": decision.expected, "shortfall_z": decision.shortfall_z, "contributions": decision.contributions,
        "sigma": arms.spread(lab, con, pool, values)[0], "runs": len(arms.of(lab, values, study.plan["stack"])),
        "base_runs": len(arms.with_pool(lab, con, pool, values)),
    }  # fmt: skip


def _words(
    lab: Lab, plan: dict[str, Any], taken: Sequence[str], decision: Decision, z: float, enters: bool, needed: Sequence[str]
) -> str:  # fmt: skip
    names = ", ".join(taken)
    sized = f"{gain(decision.gain)} together ({gain(decision.shrunk_gain)} after shrinking, z {z:.1f})"
    if len(plan["units"]) > 1:
        sized += f", {gain(decision.expected)} as a sum of parts"
    ends = f"{names} into the lab's head: {sized}" if enters else (
        f"{names} not into the lab's head: {sized}; z {lab.protocol.recheck.z:g} is needed"
    )  # fmt: skip
    dropped = "".join(f"; {name} left out: {why}" for name, why in plan["dropped"])
    stays = f"; without {' or '.join(needed)} it does not run" if needed else ""
    return ends + stays + dropped + (f"; {_left(plan)}" if plan["left"] else "")


def _left(plan: dict[str, Any]) -> str:
    return "; ".join(f"{name} left out: {why}" for name, why in plan["left"].items()) or "nothing is left of it"


def _tell(lab: Lab, con: sqlite3.Connection, study: Study, found: Finding, now: datetime) -> Finding:
    """One letter each to who asked and the chief."""
    out = [name for name, _ in study.plan["dropped"]] + list(study.plan["left"])
    more = f"\n\nWhat was left out stays in its program's head: `org revert {out[0]} --why …` takes it out there." if out else ""
    body = f"{found.reason}{more}\n\nThe lab's head: `org stack --list`."
    announce.asked(lab, con, study, f"{study.id}: the stack of {study.subject}", body, now)
    return found
