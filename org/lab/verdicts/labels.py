"""What explains a verdict: a kept change is compared with what the unchanged code would reach with the same compute.

`science.labels` decides; here are the runs it is told of, and what is bought for it: the curve of the pool, once for all
its experiments, or the base at the candidate's compute. A keep has its label, or the reason why it has none, before it
is merged. All of it follows from the ledger, so a kill repeats a look and buys nothing twice.
"""

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.lab import pools
from org.lab.lab import Lab
from org.lab.verdicts import compute, curves
from org.model.errors import Refused
from org.model.experiment import Claim, Experiment
from org.model.pool import Pool
from org.model.run import Run, State
from org.model.study import State as StudyState
from org.science import curve as rules
from org.science import labels, sigma
from org.science.labels import Label, Labelled, Matched, Ratios
from org.store import events, reads
from org.store.tables import EXPERIMENTS, POOLS

UNMATCHED = "not matched for compute"
CHANGED = "the task, its environment or the devices changed before its base was run at other budgets"


@dataclass(frozen=True, slots=True)
class Arms:
    """A candidate beside its pool. values, base_values: lower is better. margin: what a simplification may lose."""

    pool: Pool
    candidate: Sequence[Run]
    base: Sequence[Run]
    values: Sequence[float]
    base_values: Sequence[float]
    ratios: Ratios
    decision: Mapping[str, Any]
    margin: float


class _Waits(Exception):
    """The runs of a study are outstanding."""


def settle(lab: Lab, experiment: Experiment, now: datetime) -> bool:
    """Label a kept experiment, asking for the runs that this needs. False while they are outstanding."""
    if is_settled(experiment):
        return True
    with lab.ledger.transaction() as tx:
        try:
            arms = _arms(lab, tx, experiment)
            found, study = _kept(lab, tx, arms, experiment, now)
            _write(tx, experiment, found.label.value, _detail(lab, arms, found, study), now)
        except Refused as error:
            why = {"no_flops": str(error) == compute.NO_FLOPS, "outdated": str(error) == CHANGED}
            _write(tx, experiment, "", {"reason": f"{UNMATCHED}: {error}", **why}, now)
        except _Waits:
            return False
    return True


def is_settled(experiment: Experiment) -> bool:
    """Whether it has its label, or the reason why it has none."""
    return "reason" in experiment.label_detail


def is_outdated(experiment: Experiment) -> bool:
    """Whether it has no label because its pool is no longer today's: a new race would bring one."""
    return bool(experiment.label_detail.get("outdated"))


def look_at_discarded(lab: Lab, con: sqlite3.Connection, experiment: Experiment, now: datetime) -> Experiment:
    """A change that was not kept but is better per FLOP, or per token, is worth a word; only where the curve of its pool
    is there already. Returns the experiment as it is afterwards. Call inside the verdict's transaction."""
    try:
        arms = dataclasses.replace(_arms(lab, con, experiment), margin=0.0)
        study = curves.found(con, arms.pool.id, curves.of_pool(lab.protocol))
        same = rules.is_same_compute(arms.ratios.flops, lab.protocol)
        if study is None or study.state is not StudyState.DONE or same or not rules.covers(arms.ratios.flops, lab.protocol):
            return experiment
        others = curves.measured(con, study)
        per_flop = _by_curve(lab, arms, others, "flops", arms.ratios.flops)
        found = labels.label(False, per_flop, _per_token(lab, arms, others), arms.ratios, lab.protocol)
    except Refused:  # nothing can be said, and nobody waits for it
        return experiment
    if found.label is not Label.NONE:
        _write(con, experiment, found.label.value, _detail(lab, arms, found, study.id), now)
    return EXPERIMENTS.get(con, experiment.id)


def _arms(lab: Lab, con: sqlite3.Connection, e: Experiment) -> Arms:
    """Raises Refused when its records do not say what was spent."""
    mine = [r for r in reads.last_race(con, e.id) if r.tree == e.run_tree and r.state is State.SUCCEEDED]
    pool_id = mine[0].pool if mine else None
    if pool_id is None:
        raise Refused("it has no runs of a race")
    candidate = [r for r in mine if r.metric is not None]
    base = curves.base_runs(lab, con, pool_id)
    lacking = compute.missing([*candidate, *base]) if base else "its base has no runs"
    if lacking is not None:
        raise Refused(lacking)
    return Arms(
        POOLS.get(con, pool_id), candidate, base, [lab.sign * (r.metric or 0.0) for r in candidate],
        [lab.sign * (r.metric or 0.0) for r in base], compute.ratios(compute.spent(candidate), compute.spent(base)),
        e.decision, e.margin if e.claim is Claim.SIMPLIFY else 0.0,
    )  # fmt: skip


def _kept(lab: Lab, con: sqlite3.Connection, arms: Arms, e: Experiment, now: datetime) -> tuple[Labelled, str | None]:
    """The label of a kept candidate and the study that it rests on. Raises _Waits, and Refused when it cannot be matched."""
    flops, protocol = arms.ratios.flops, lab.protocol
    if not labels.needs_curve(True, flops, protocol):
        equal = _by_race(arms, protocol.label.z)
        return labels.label(True, equal, _per_token(lab, arms, None), arms.ratios, protocol), None
    inside = rules.covers(flops, protocol)
    points = curves.of_pool(protocol) if inside else curves.at(flops, protocol)
    others, study = _bought(lab, con, arms.pool, points, e, now)
    if inside:
        per_flop, per_token = _by_curve(lab, arms, others, "flops", flops), _per_token(lab, arms, others)
    else:
        again = [lab.sign * (r.metric or 0.0) for r in others]
        per_flop = _eased(labels.by_rerun(again, arms.values, arms.decision["sigma"]), arms)
        per_token = _per_token(lab, arms, None)
    return labels.label(True, per_flop, per_token, arms.ratios, protocol), study


def _bought(
    lab: Lab, con: sqlite3.Connection, pool: Pool, points: curves.Plan, e: Experiment, now: datetime
) -> tuple[list[Run], str]:
    """The runs of the study with these points; asked for when nobody has."""
    study = curves.found(con, pool.id, points)
    if study is None:
        if not pools.is_current(lab, con, pool):
            raise Refused(CHANGED)
        curves.ask(con, pool, points, e.id, now)
        raise _Waits
    if study.state is StudyState.OPEN:
        curves.hurry(con, study)
        raise _Waits
    if study.state is StudyState.FAILED:
        raise Refused(f"{study.id}: {study.reason}")
    return curves.measured(con, study), study.id


def _by_curve(lab: Lab, arms: Arms, others: Sequence[Run], count: str, ratio: float) -> Matched:
    fitted = curves.fitted(lab, arms.base, others, count)
    return _eased(labels.by_curve(fitted, ratio, arms.values, arms.decision["sigma"], lab.protocol), arms)


def _per_token(lab: Lab, arms: Arms, others: Sequence[Run] | None) -> Matched | None:
    """At equal tokens; others: the runs of the curve, when there is one."""
    if rules.is_same_compute(arms.ratios.tokens, lab.protocol):
        return _by_race(arms, lab.protocol.label.z)
    if others is None or not rules.covers(arms.ratios.tokens, lab.protocol):
        return None
    return _by_curve(lab, arms, others, "tokens", arms.ratios.tokens)


def _by_race(arms: Arms, z: float) -> Matched:
    """The race compared equal compute: its own difference, over the pool or over same-seed pairs, whichever says more.
    A keep that pairs decided would else look like nothing beside the spread between seeds."""
    told = arms.decision
    pool = Matched(told["gain"], told["se"])
    base = {run.slot: value for run, value in zip(arms.base, arms.base_values, strict=True)}
    pairs = [base[r.slot] - v for r, v in zip(arms.candidate, arms.values, strict=True) if r.slot in base]
    if not told.get("pair_spread") or len(pairs) < 2:
        return _eased(pool, arms)
    paired = Matched(sigma.mean(pairs), told["pair_spread"] / len(pairs) ** 0.5)
    return _eased(max(pool, paired, key=lambda m: m.low(z)), arms)


def _eased(matched: Matched, arms: Arms) -> Matched:
    """As the race does for "not worse by more than the margin"."""
    return Matched(matched.gain + arms.margin, matched.se)


def _detail(lab: Lab, arms: Arms, found: Labelled, study: str | None) -> dict[str, Any]:
    eased = f" (with the margin of {arms.margin:g})" if arms.margin else ""
    return {
        "reason": found.reason + eased, "pool": arms.pool.id, "study": study, "z": lab.protocol.label.z, "margin": arms.margin,
        "per_flop": dataclasses.asdict(found.per_flop),
        "per_token": dataclasses.asdict(found.per_token) if found.per_token else None,
        "ratios": dataclasses.asdict(arms.ratios),
    }  # fmt: skip


def _write(con: sqlite3.Connection, e: Experiment, label: str, detail: dict[str, Any], now: datetime) -> None:
    EXPERIMENTS.update(con, e.id, label=label, label_detail=e.label_detail | detail)
    events.append(con, "experiment.labelled", e.id, at=now, label=label, reason=detail["reason"])
