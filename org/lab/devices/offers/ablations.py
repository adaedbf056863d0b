"""What each part of a merge does, where it has more than one: what does nothing can be taken out again, and what a claim
rests on is known."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from org.lab import settings
from org.lab.devices import value
from org.lab.devices.value import Offer
from org.lab.lab import Lab
from org.lab.merging import ablate
from org.model.errors import Refused
from org.model.experiment import IN_HEAD, Experiment
from org.model.study import Kind, State
from org.store import reads, studies
from org.store.events import OFFICE
from org.store.tables import EXPERIMENTS

IDLE_PART = 0.4  # worth of an ablation: about so often one of several parts does nothing
_parts: dict[tuple[str, str], int] = {}  # of (repository, experiment): they never change, and git takes a moment to tell


def offers(lab: Lab, con: sqlite3.Connection, now: datetime) -> Iterator[Offer]:
    """Every merge in a head with parts that nobody asked about."""
    for id in dict.fromkeys(merge.experiment for merge in reads.merges(con)):
        e = EXPERIMENTS.get(con, id)
        asked = any(study.state is not State.CANCELLED for study in studies.of_subject(con, Kind.ABLATION, id))
        if e.state in IN_HEAD and not asked and (count := _count(lab, con, e)) > 1:
            yield _offer(lab, e, count)


def _count(lab: Lab, con: sqlite3.Connection, e: Experiment) -> int:
    key = (str(lab.git.root), e.id)
    if key not in _parts:
        try:
            _parts[key] = sum(bool(part.tree) for part in ablate.parts(lab, con, e.id))
        except Refused:
            _parts[key] = 0
    return _parts[key]


def _offer(lab: Lab, e: Experiment, count: int) -> Offer:
    at, runs = settings.of_race(lab), lab.protocol.ablation.runs * (count + 1)
    one = value.run_seconds(lab, at.budget, at.gang)
    why = f"{e.subject} has {count} parts, and nobody knows which of them carries its gain"
    return Offer(
        "ablation", e.id, value.BOUGHT * IDLE_PART * runs * one, runs * one, why,
        lambda now: ablate.begin(lab, e.id, (), OFFICE, now), one, runs, e.program,
    )  # fmt: skip
