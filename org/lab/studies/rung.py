"""A change, or a bundle of changes, on a larger rung: candidate and base there, on the seeds of that rung's pool.

On a rung in the middle the z of a run or two promotes; on the last one the race decides. The base's runs fill the pool of
that rung, the change's own runs become part of its tree's pool, so that the next change finds a base.
"""

import dataclasses
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.lab import announce, pools, seeds, settings
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.lab.settings import Setting
from org.lab.studies.kind import Finding, Wanted
from org.lab.verdicts import crashes, judge
from org.model.experiment import IN_HEAD, Event, State
from org.model.message import HUMAN, OFFICE
from org.model.message import Kind as MessageKind
from org.model.pool import Pool
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import ladder as rules
from org.science import race
from org.science.decision import Decision, Verdict
from org.science.ladder import Gate, Rung
from org.store import events, experiments, mail, reads, studies
from org.store.tables import AGENTS, EXPERIMENTS

ASKED = 2.5  # before the races, behind which it would wait for ever …
UNASKED = 10.5  # … unless the lab promoted by itself: then on devices that would idle
CHANGED = "the ladder in config.yaml has changed since it was asked for"
GATES = Gate(True, None, "")


@dataclass(frozen=True, slots=True)
class RungStudy:
    """plan: rung, depth, budget, role, runs (of the change, at most), base and tip (trees), experiments, bundle, margin,
    agreed (who said yes to its cost; None: nobody yet), why."""

    kind: Kind = Kind.RUNG
    rank: float = ASKED
    backfill: bool = False
    spares_failures: bool = True

    def rank_of(self, study: Study) -> float:
        """What somebody asked for goes before the races; the lab's own promotions wait for idle devices."""
        return UNASKED if study.plan["agreed"] == OFFICE else ASKED

    def waits(self, con: sqlite3.Connection, study: Study) -> bool:
        """While nobody has said yes to its cost."""
        return study.plan["agreed"] is None

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """Base and change on the pool's seeds; on the last rung as many as the race asks for."""
        at = setting(lab, study)
        if at is None or _broken(con, study) is not None:
            return []
        pool = _pool(lab, con, study, at, values, now)
        mine = _own(lab, study, values)
        empty = [slot for slot, value in enumerate(pools.values(lab, con, pool.id)) if value is None]
        base, change = _lacking(lab, con, study, pool, mine, empty)
        wanted = [(study.plan["base"], slot) for slot in empty[:base]]
        wanted += [(study.plan["tip"], slot) for slot in range(len(mine), len(mine) + change)]
        return [Wanted(tree, seeds.pool_seed(con, slot), slot, rung=at.rung, gang=at.gang, pool=pool.id) for tree, slot in wanted]

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """Held or not, and what follows for the experiments."""
        at = setting(lab, study)
        if at is None:
            return Finding(CHANGED, {}, failed=True)
        broken = _broken(con, study)
        if broken is not None and broken[0] == study.plan["base"]:
            return Finding(f"its base does not run at {ladder.named(lab, at.rung)}: {broken[1]}", {}, failed=True)
        if broken is not None:
            told: dict[str, Any] = {"held": False, "gain": None}
            reason = f"does not run at {ladder.named(lab, at.rung)}: {broken[1]}"
        else:
            pool = _pool(lab, con, study, at, values, now)
            told, reason = _verdict(lab, con, study, pool, _own(lab, study, values))
            _hand_on(lab, con, study, at, values, now)
        _follow(lab, con, study, bool(told["held"]), reason, now)
        return Finding(reason, told)


def setting(lab: Lab, study: Study) -> Setting | None:
    """The scale of its runs; None when the config no longer has it."""
    plan, steps = study.plan, lab.config.task.ladder
    if plan["rung"] >= len(steps):
        return None
    at = settings.of_rung(lab, plan["rung"])
    return at if (at.depth, at.budget) == (plan["depth"], plan["budget"]) else None


def _pool(lab: Lab, con: sqlite3.Connection, study: Study, at: Setting, values: Sequence[Run], now: datetime) -> Pool:
    """The base's pool on that rung, with this study's runs of the base in it."""
    pool = pools.of_tree(lab, con, study.plan["base"], now, at)
    speaking = {run.id for run in reads.pool_runs(con, pool.id)}
    for run in values:
        if run.tree == study.plan["base"] and run.pool == pool.id and run.id not in speaking:
            pools.accept(con, run)
    return pool


def _own(lab: Lab, study: Study, values: Sequence[Run]) -> list[float]:
    """The change's values by slot, lower is better."""
    return judge.values_by_slot(lab, [run for run in values if run.tree == study.plan["tip"]])


def _broken(con: sqlite3.Connection, study: Study) -> tuple[str, str] | None:
    """(tree, reason) of the side that cannot be run; the base is asked first."""
    mine = studies.runs_of(con, study.id)
    for tree in (study.plan["base"], study.plan["tip"]):
        ending = crashes.of_arm([run for run in mine if run.tree == tree])
        if ending is not None and ending.retry is None:
            return tree, ending.reason
    return None


def _lacking(
    lab: Lab, con: sqlite3.Connection, study: Study, pool: Pool, mine: Sequence[float], empty: Sequence[int]
) -> tuple[int, int]:
    """(runs of the base, runs of the change) that are asked for next."""
    if study.plan["role"] == Rung.MID:
        return len(empty), study.plan["runs"] - len(mine)
    have = pools.size(lab, pool) - len(empty)
    if not mine:
        return max(lab.protocol.min_base_runs - have, 0), 1
    decision = _decision(lab, con, study, pool, mine)
    more = decision.verdict is Verdict.MORE
    return (min(decision.add_base_runs, len(empty)), decision.add_candidate_runs) if more else (0, 0)


def _decision(lab: Lab, con: sqlite3.Connection, study: Study, pool: Pool, mine: Sequence[float]) -> Decision:
    sigma0, df0 = pools.spread_before(lab, con, pool)
    protocol = dataclasses.replace(lab.protocol, pool_size=pools.size(lab, pool), max_runs=study.plan["runs"])
    return race.decide(
        pools.values(lab, con, pool.id), mine, sigma0=sigma0, df0=df0, claim_margin=study.plan["margin"], protocol=protocol
    )


def _verdict(lab: Lab, con: sqlite3.Connection, study: Study, pool: Pool, mine: Sequence[float]) -> tuple[dict[str, Any], str]:
    """The study's outcome and its sentence."""
    where, decision = ladder.named(lab, study.plan["rung"]), _decision(lab, con, study, pool, mine)
    told: dict[str, Any] = {
        "gain": decision.gain, "se": decision.se, "sigma": decision.sigma, "df": decision.df, "runs": len(mine),
        "base_runs": decision.base_runs, "pool": pool.id, "base": [run.id for run in reads.pool_runs(con, pool.id)],
        "shrunk_gain": decision.shrunk_gain,
        "p_not_positive": decision.p_not_positive,
    }  # fmt: skip
    if study.plan["role"] == Rung.TARGET:
        held = decision.verdict is Verdict.KEEP
        told |= {"held": held, "z": decision.z, "needed": 1.0 / lab.protocol.alpha, "e": decision.e}
        if held:
            return told, f"better at {where}: {decision.reason}"
        return told, f"not shown to be better at {where}: gain {decision.gain:+.5g} ± {decision.se:.2g}, {decision.reason}"
    protocol = dataclasses.replace(
        lab.protocol, ladder=dataclasses.replace(lab.protocol.ladder, mid_runs=study.plan["runs"])
    )  # fmt: skip
    step = rules.promote(Rung.MID, ladder.deviates(lab, con, pool.id, mine, study.plan["margin"]), GATES, protocol)
    told |= {"held": step.promoted, "z": step.mean_z, "needed": step.needed}
    said = "holds" if step.promoted else "was not seen"
    return told, f"{said} at {where}: gain {decision.gain:+.5g} ± {decision.se:.2g}, {step.reason}"


def _hand_on(lab: Lab, con: sqlite3.Connection, study: Study, at: Setting, values: Sequence[Run], now: datetime) -> None:
    """The change's runs become part of its own tree's pool there: the base of whatever comes next."""
    pool = pools.of_tree(lab, con, study.plan["tip"], now, at)
    pools.carry_over(lab, con, pool, [run for run in values if run.tree == study.plan["tip"]], now)


def _follow(lab: Lab, con: sqlite3.Connection, study: Study, held: bool, reason: str, now: datetime) -> None:
    """States of the experiments, and word to whom it concerns. A bundle that fails says nothing of its parts,
    and one that holds takes back no failure of a part alone."""
    bundle = study.plan["bundle"]
    for id in study.plan["experiments"]:
        e = EXPERIMENTS.get(con, id)
        told = f"in the bundle {study.id}, which {reason}; only the bundle is claimed" if bundle else reason
        if held and (e.state is State.MERGED or (e.state is State.FAILED_TRANSFER and not bundle)):
            experiments.move(con, id, Event.CONFIRM, now, reason=told)
        elif not held and not bundle and e.state in IN_HEAD - {State.FAILED_TRANSFER}:
            experiments.move(con, id, Event.FAIL_TRANSFER, now, reason=told)
        else:
            events.append(con, f"rung.{'held' if held else 'failed'}", id, at=now, study=study.id, reason=told)
    _tell(lab, con, study, held, reason, now)


def _tell(lab: Lab, con: sqlite3.Connection, study: Study, held: bool, reason: str, now: datetime) -> None:
    ids = study.plan["experiments"]
    subject = f"{study.subject} {'confirmed' if held else 'did not hold'} at {ladder.named(lab, study.plan['rung'])}"
    body = f"{study.subject} {reason}.\n\nEvery run: `org show {ids[0]}`; all rungs beside each other: `org findings --transfer`."
    readers = [EXPERIMENTS.get(con, id).author for id in ids] + [lab.chief]
    for reader in dict.fromkeys(readers):
        if reader is not None and AGENTS.find(con, reader) is not None:
            mail.post(
                con, OFFICE, reader, MessageKind.VERDICT, subject, body, now, refs=tuple(ids), id=f"rung-{study.id}-{reader}"
            )
    if HUMAN in (study.asked_by, study.plan["agreed"]):
        announce.person(con, subject, body, now, id=f"rung-{study.id}-{HUMAN}")
