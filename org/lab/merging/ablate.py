"""`org ablate`: ask what each part of a change does."""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from org.lab import pools
from org.lab.lab import Lab
from org.lab.merging import parts as ablate_parts
from org.lab.merging.parts import Part
from org.model.errors import Refused
from org.model.experiment import State
from org.model.study import Kind
from org.store import events, studies
from org.store.tables import EXPERIMENTS

RAN = frozenset({State.INVALID, State.FAILED})


def parts(lab: Lab, con: sqlite3.Connection, id: str, marks: Sequence[str] = ()) -> list[Part]:
    """Its parts. Refused before the race has told what the whole is worth."""
    e = EXPERIMENTS.get(con, id)
    if e.state in RAN or not e.decision.get("candidate_runs"):
        raise Refused(f"{id} is {e.state.value.replace('_', ' ')}: what a part carries can be told once its race has values")
    return ablate_parts.of(lab, e, marks)


def begin(lab: Lab, id: str, marks: Sequence[str], actor: str, now: datetime) -> str:
    """Ask for the runs. Again the same: the study that is open."""
    found = parts(lab, lab.ledger.reader, id, marks)
    with lab.ledger.transaction() as tx:
        e = EXPERIMENTS.get(tx, id)
        pool = pools.of_tree(lab, tx, e.base_tree, now)
        rows = [asdict(part) for part in found]
        study = studies.ask(
            tx, Kind.ABLATION, id, actor, now, e.program, pool=pool.id, whole=e.run_tree, parts=rows, gain=e.measured_gain or 0.0
        )  # fmt: skip
        events.append(tx, "experiment.ablation", id, actor, now, study=study.id)
    return f"{study.id}: {id} without each of its {len(found)} parts, {cost(lab, found)}; `org explain {id}` shows what they do"


def cost(lab: Lab, found: Sequence[Part]) -> str:
    """`6 to 12 runs`"""
    rules, arms = lab.protocol.ablation, 1 + sum(bool(part.tree) for part in found)
    return f"{rules.runs * arms} to {rules.most_runs * arms} runs"
