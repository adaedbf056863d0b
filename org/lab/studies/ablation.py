"""An ablation: each part of a change left out alone, against the whole, on the same seeds. Two runs an arm, two more where
they do not tell."""

import dataclasses
import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.comms import parts
from org.lab import announce
from org.lab.lab import Lab
from org.lab.studies import arms
from org.lab.studies.kind import Finding, Wanted
from org.model.run import Run
from org.model.study import Kind, Study
from org.science import ablation
from org.science.ablation import Effect, Role
from org.store import events
from org.store.tables import EXPERIMENTS

RANK = 6.0  # somebody asked, but no verdict waits for it
CANNOT = "cannot be left out alone"


@dataclass(frozen=True, slots=True)
class AblationStudy:
    """plan: pool (of the base), whole, parts (name, what, tree, why), gain (of the whole, as measured)."""

    kind: Kind = Kind.ABLATION
    rank: float = RANK
    backfill: bool = False
    spares_failures: bool = True

    def wants(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> list[Wanted]:
        """Every arm; then the whole and the parts that are not told yet, once more."""
        plan, rules, pool = study.plan, lab.protocol.ablation, arms.pool(con, study.plan["pool"])
        alive = [tree for tree in _trees(plan) if not arms.broken(con, study, values, tree)]
        if plan["whole"] not in alive or len(alive) < 2 or arms.broken(con, study, values, pool.tree):
            return []
        first = arms.lacking(lab, con, pool, values, alive, rules.runs)
        first += arms.base_lacking(lab, con, pool, values, lab.protocol.min_base_runs)
        if first:
            return first
        effects = _effects(lab, con, study, values)
        untold = [p["tree"] for p in plan["parts"] if p["name"] in effects and effects[p["name"]].role is Role.UNCLEAR]
        open_ones = [tree for tree in untold if tree in alive]
        if not open_ones:
            return []
        return arms.lacking(lab, con, pool, values, [plan["whole"], *open_ones], rules.most_runs)

    def conclude(self, lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run], now: datetime) -> Finding:
        """What each part does; the author, the chief and who asked get one letter."""
        e = EXPERIMENTS.get(con, study.subject)
        failed = arms.broken(con, study, values, arms.pool(con, study.plan["pool"]).tree)
        if failed is not None:  # without it nothing is known of the spread
            said = f"the base of {e.id} does not run ({failed.id}: {failed.reason}), so nothing is told of its parts"
            announce.asked(lab, con, study, f"{study.id}: the parts of {e.id}", said, now, also=[e.author])
            return Finding(said, {}, failed=True)
        effects = _effects(lab, con, study, values) if arms.of(lab, values, study.plan["whole"]) else {}
        rows = [_row(con, study, values, part, effects) for part in study.plan["parts"]]
        said = f"parts of {e.id}: " + "; ".join(f"{row['name']} {row['role']}" for row in rows)
        found = Finding(said, {"parts": rows, "gain": study.plan["gain"]}, failed=not effects)
        body = f"{e.subject}\n\n{parts.page(rows, study.plan['gain'])}\n\n{_advice(e.id, rows)}"
        announce.asked(lab, con, study, f"{study.id}: what the parts of {e.id} do", body.rstrip(), now, also=[e.author])
        events.append(con, "experiment.ablated", e.id, at=now, study=study.id)
        return found


def _trees(plan: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([plan["whole"], *(part["tree"] for part in plan["parts"] if part["tree"])]))


def _effects(lab: Lab, con: sqlite3.Connection, study: Study, values: Sequence[Run]) -> dict[str, Effect]:
    """By part, of those that have run."""
    plan, pool = study.plan, arms.pool(con, study.plan["pool"])
    spread, df = arms.spread(lab, con, pool, values)
    margin = EXPERIMENTS.get(con, study.subject).margin
    negligible = max(lab.protocol.ablation.negligible * plan["gain"], margin, 0.0)
    whole = arms.of(lab, values, plan["whole"])
    found = {}
    for part in plan["parts"]:
        mine = arms.of(lab, values, part["tree"]) if part["tree"] else []
        if mine:
            beside = whole[: len(mine)]
            found[part["name"]] = ablation.decide(
                beside, mine[: len(beside)], spread=spread, df=df, negligible=negligible, protocol=lab.protocol
            )  # fmt: skip
    return found


def _row(
    con: sqlite3.Connection, study: Study, values: Sequence[Run], part: Mapping[str, Any], effects: Mapping[str, Effect]
) -> dict[str, Any]:
    row = {"name": part["name"], "what": part["what"], "role": CANNOT, "effect": None, "low": None, "high": None, "runs": 0}
    if not part["tree"]:
        return row | {"role": f"{CANNOT}: {part['why']}"}
    failed = arms.broken(con, study, values, part["tree"])
    if failed is not None:
        return row | {"role": f"carries it all: without it the change does not run ({failed.id}: {failed.reason})"}
    if part["name"] not in effects:
        return row | {"role": "not run"}
    told = dataclasses.asdict(effects[part["name"]])
    finite = {key: value if not isinstance(value, float) or math.isfinite(value) else None for key, value in told.items()}
    return row | finite | {"role": effects[part["name"]].role.value}


def _advice(id: str, rows: Sequence[Mapping[str, Any]]) -> str:
    idle = [row["name"] for row in rows if row["role"] in (Role.NOTHING.value, Role.HARMS.value)]
    if not idle:
        return f"The page: `org explain {id}`."
    return (
        f"Worth a proposal (`org propose --claim simplify …`): the same without {', '.join(idle)}. The page: `org explain {id}`."
    )
