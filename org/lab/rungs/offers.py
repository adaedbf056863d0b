"""What may go up the ladder: each merged change at its next rung, or all that are confirmed small as one bundle.

A change leaves the first rung by the z of its race's first runs, a rung in the middle by its study there. A bundle is the
program's head against the head before the first of its changes.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from org.lab import pools
from org.lab.lab import Lab
from org.lab.rungs import forecast as promote_forecast
from org.lab.rungs import ladder
from org.lab.rungs.forecast import Forecast
from org.lab.verdicts import crashes
from org.model import gang
from org.model.errors import Refused
from org.model.experiment import IN_HEAD, Experiment, State
from org.model.merge import Merge
from org.model.study import State as StudyState
from org.science import ladder as rules
from org.science.ladder import Step
from org.store import reads, studies
from org.store.tables import EVENTS, EXPERIMENTS, MERGES, POOLS

PROMOTABLE = (IN_HEAD - {State.FAILED_TRANSFER}) | {State.QUEUED, State.NOT_MERGED}
LEAST_IN_BUNDLE = 2
PASSED_OVER = "promotion.passed_over"  # an event: said once, and not asked about again


@dataclass(frozen=True, slots=True)
class Offer:
    """A change or a bundle at a rung, and whether the ladder lets it go there. base, tip: trees as run. gain: of the first
    rung, shrunk; of a bundle the sum."""

    experiments: tuple[str, ...]
    program: str
    rung: int
    base: str
    tip: str
    margin: float
    gain: float | None
    step: Step

    @property
    def is_bundle(self) -> bool:
        return len(self.experiments) > 1


def offers(lab: Lab, con: sqlite3.Connection) -> list[Offer]:
    """What the ladder has an answer for and nobody asked about yet: a bundle where enough is confirmed small, else each
    merged change at its next rung, in the order of the merges."""
    if len(lab.config.task.ladder) < 2:
        return []
    found = []
    for program in dict.fromkeys(m.program for m in reads.merges(con)):
        known = [offer for e in _untested(lab, con, program) if (offer := _next(lab, con, e)) is not None]
        new = [o for o in known if not _fails_there(lab, con, o)]
        here = {m.experiment for m in _since_root(con, program)}  # a bundle is a stretch of one head
        small = [o.experiments[0] for o in new if o.step.promoted and o.experiments[0] in here]
        together = rules.bundles([id for id in small if ladder.standing(con, id) == ladder.FIRST], lab.protocol)
        found += [bundle(lab, con, program, together[0])] if together and len(together[0]) > 1 else new
    return found


def offer(lab: Lab, con: sqlite3.Connection, id: str, rung: int | None = None) -> Offer:
    """One experiment at its next rung, or at the one that is named. Refused where that makes no sense."""
    e = EXPERIMENTS.get(con, id)
    if len(lab.config.task.ladder) < 2:
        raise Refused(f"{ladder.NO_RUNG}; add one to task.ladder in config.yaml")
    if e.state not in PROMOTABLE and not (e.state is State.FAILED_TRANSFER and rung is not None):
        raise Refused(f"{id} is {e.state.value.replace('_', ' ')}: only what a race kept is run on a larger rung")
    found = _next(lab, con, e, rung)
    if found is None:
        raise Refused(f"{id} stands on the last rung: {e.reason}")
    _check_rung(lab, con, found)
    return found


def bundle(lab: Lab, con: sqlite3.Connection, program: str, only: Sequence[str] = (), rung: int | None = None) -> Offer:
    """All changes of a program since the first one that no larger rung has tested, against the head before it. only: those
    that are meant to be in it; what was merged between them is in its tree too."""
    merges = _since_root(con, program)
    new = set(only) or {e.id for e in _untested(lab, con, program) if ladder.standing(con, e.id) == ladder.FIRST}
    within = [m for m in merges if m.experiment in new]
    if len(within) < LEAST_IN_BUNDLE:
        raise Refused(f"{program} has {len(within)} merged changes that no larger rung has tested; a bundle needs two")
    last = merges[merges.index(within[0]) :]
    ids = tuple(dict.fromkeys(m.experiment for m in last if EXPERIMENTS.get(con, m.experiment).state in IN_HEAD))
    at = ladder.next_rung(lab, con, ladder.FIRST) if rung is None else rung
    if at is None or not 0 < at < len(lab.config.task.ladder):
        raise Refused(_no_rung(lab, at))
    margin = sum(ladder.margin(EXPERIMENTS.get(con, id)) for id in ids)
    count, least = len(within), lab.protocol.ladder.bundle_from
    told = Step(count >= least, 0, 0.0, 0.0, f"{count} changes are confirmed small, from {least} on they go together")
    gain = sum(EXPERIMENTS.get(con, id).gain or 0.0 for id in ids)
    base, tip = reads.tree_before(con, within[0]), reads.head_tree(con, program) or merges[-1].tree
    return Offer(ids, program, at, base, tip, margin, gain, told)


def priced(lab: Lab, con: sqlite3.Connection, offer: Offer) -> Forecast:
    """What it would take, and what that buys."""
    return promote_forecast.of(lab, con, offer.rung, offer.base, offer.gain)


def fits(lab: Lab, rung: int) -> bool:
    """Whether the lab has the devices of that rung."""
    wanted = lab.config.task.ladder[rung].devices
    return sum(device.model == lab.devices[0].model for device in lab.devices) >= wanted


def words_of(offer: Offer) -> str:
    """What follows `org promote`."""
    return " ".join(offer.experiments) + (" --bundle" if offer.is_bundle else "")


def subject_of(offer: Offer) -> str:
    """E3, or of a bundle E3+E5."""
    return "+".join(offer.experiments)


def _next(lab: Lab, con: sqlite3.Connection, e: Experiment, rung: int | None = None) -> Offer | None:
    at = ladder.standing(con, e.id)
    where = rung if rung is not None else None if at is None else ladder.next_rung(lab, con, at)
    if where is None:
        return None
    if not 0 < where < len(lab.config.task.ladder):
        raise Refused(_no_rung(lab, where))
    base, tip = _trees(con, e)
    return Offer((e.id,), e.program, where, base, tip, ladder.margin(e), e.gain, ladder.step(lab, con, e))


def _check_rung(lab: Lab, con: sqlite3.Connection, offer: Offer) -> None:
    """A test that was made is not made again; devices that are not there are not waited for."""
    id = offer.experiments[0]
    for study in ladder.studies_of(con, id):
        if study.state is StudyState.DONE and study.plan["rung"] == offer.rung and not study.plan["bundle"]:
            raise Refused(f"{study.id} has tested {id} there, and a second test would not hold: {study.reason}")
    if not fits(lab, offer.rung):
        wanted = lab.config.task.ladder[offer.rung].devices
        have = gang.named([d.name for d in lab.devices if d.model == lab.devices[0].model])
        raise Refused(f"{ladder.named(lab, offer.rung)} needs {wanted} devices of one model at once; this lab has {have}")


def _untested(lab: Lab, con: sqlite3.Connection, program: str) -> list[Experiment]:
    """What is in the head, and nobody asked about at its next rung, nor passed over at this one."""
    found = []
    for id in dict.fromkeys(m.experiment for m in reads.merges(con, program)):
        e = EXPERIMENTS.get(con, id)
        at = ladder.standing(con, id)
        if e.state not in PROMOTABLE or at in (None, ladder.top(lab)):
            continue
        asked = [s for s in ladder.studies_of(con, id) if s.plan["rung"] > at and s.state is not StudyState.FAILED]
        if not asked and not (ladder.gate(lab, con, ladder.FIRST).gates and _is_passed_over(con, id, at)):
            found.append(e)
    return found


def _fails_there(lab: Lab, con: sqlite3.Connection, offer: Offer) -> bool:
    """Whether its base was seen not to run on that rung as things are today: asked again, it would only crash again."""
    known = ladder.beside(con, offer.rung, offer.base)
    ran = [run for s in known for run in studies.runs_of(con, s.id) if run.tree == offer.base and run.pool is not None]
    ending = crashes.of_arm([run for run in ran if pools.is_current(lab, con, POOLS.get(con, run.pool))])
    return ending is not None and ending.retry is None


def _is_passed_over(con: sqlite3.Connection, id: str, rung: int) -> bool:
    return bool(EVENTS.count(con, "WHERE kind = ? AND subject = ? AND json_extract(detail, '$.rung') = ?", PASSED_OVER, id, rung))


def _trees(con: sqlite3.Connection, e: Experiment) -> tuple[str, str]:
    """Base and change as they are run: of its last merge, else as it raced."""
    mine = [m for m in reads.merges(con, e.program) if m.experiment == e.id]
    return (reads.tree_before(con, mine[-1]), mine[-1].tree) if mine else (e.base_tree, e.run_tree)


def _since_root(con: sqlite3.Connection, program: str) -> list[Merge]:
    """The program's merges onto the root that it stands on now."""
    roots = MERGES.select(con, "WHERE state = 'done' AND kind = 'root' AND program = ? ORDER BY id DESC LIMIT 1", program)
    return [m for m in reads.merges(con, program) if not roots or m.id > roots[0].id]


def _no_rung(lab: Lab, rung: int | None) -> str:
    named = ", ".join(f"{n} ({ladder.named(lab, n)})" for n in range(1, len(lab.config.task.ladder)))
    return f"there is no rung {rung} to go to; the ladder has {named or 'none above the first'}"
