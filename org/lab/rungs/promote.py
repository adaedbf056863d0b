"""Sending merged changes up the ladder: asking for it, the person's yes, the lab's own promotions. What may go:
promote_offers.py."""

import sqlite3
from datetime import datetime

from org.lab import announce, pools, schedule, settings
from org.lab.apart import Apart
from org.lab.lab import Lab
from org.lab.rungs import ladder
from org.lab.rungs import page as promote_page
from org.lab.rungs.forecast import Forecast
from org.lab.rungs.offers import PASSED_OVER, Offer, fits, offers, priced, subject_of, words_of
from org.lab.studies import engine
from org.model import gang
from org.model.errors import Refused
from org.model.message import HUMAN, OFFICE
from org.model.study import Kind, Study
from org.model.study import State as StudyState
from org.runs import executor
from org.store import events, reads, studies
from org.store.tables import POOLS, STUDIES


def step(lab: Lab, now: datetime, outer: Apart | None = None) -> list[str]:
    """Ask again for what the environment changed under; promote by itself where the config lets it. Returns studies. What
    cannot be asked for is not in the way of the rest; its error goes to outer, or is raised at the end."""
    asked: list[str] = []
    con = lab.ledger.reader
    with Apart(outer) as apart:
        for study in ladder.open_(con):
            with apart.one():
                asked += _renew(lab, study, now)
        if len(lab.config.task.ladder) > 1 and lab.config.protocol.promote == "auto" and _idles(lab):
            for offer in offers(lab, con):
                with apart.one():
                    if found := _promote(lab, offer, now):
                        asked.append(found)
                        break
    return asked


def _promote(lab: Lab, offer: Offer, now: datetime) -> str | None:
    """The study that is asked for; None where it stays, and where this lab has too few devices for it."""
    if not offer.step.promoted:
        _pass_over(lab, offer, now)
    if not offer.step.promoted or not fits(lab, offer.rung):
        return None
    with lab.ledger.transaction() as tx:
        return ask(lab, tx, offer, OFFICE, now).id


def ask(lab: Lab, con: sqlite3.Connection, offer: Offer, actor: str, now: datetime, agreed: bool = False) -> Study:
    """Open the study. What may cost more than the config lets pass waits for a person's yes. agreed: it is given."""
    at, role = settings.of_rung(lab, offer.rung), ladder.role(lab, offer.rung)
    for study in ladder.open_(con):
        if study.plan["rung"] == offer.rung and tuple(study.plan["experiments"]) == offer.experiments:
            return study
    forecast = priced(lab, con, offer)
    yes = actor if agreed or not needs_yes(lab, forecast) else None
    study = studies.ask(
        con, Kind.RUNG, subject_of(offer), actor, now, offer.program, rung=at.rung, depth=at.depth, budget=at.budget,
        role=role.value, runs=forecast.most_runs, base=offer.base, tip=offer.tip, bundle=offer.is_bundle,
        experiments=list(offer.experiments), margin=offer.margin, agreed=yes, why=offer.step.reason,
    )  # fmt: skip
    for id in offer.experiments:
        events.append(con, "rung.asked", id, actor, now, study=study.id, rung=at.rung)
    if yes is None:
        subject = f"May {study.subject} go to {ladder.named(lab, at.rung)}? {promote_page.cost(forecast)}"
        announce.person(con, subject, promote_page.question(lab, study, offer.step, forecast), now, id=f"promote-{study.id}")
    return study


def needs_yes(lab: Lab, forecast: Forecast) -> bool:
    """Whether it may cost more than the config lets pass."""
    most = lab.config.protocol.promote_cost
    return most is not None and forecast.most_device_hours > most


def agree(lab: Lab, id: str, now: datetime, actor: str) -> str:
    """A person says yes to the cost."""
    with lab.ledger.transaction() as tx:
        study = _waiting(tx, id, actor)
        studies.remember(tx, study, agreed=actor)
        events.append(tx, "rung.agreed", id, actor, now)
    return f"{id}: {study.subject} goes to {ladder.named(lab, study.plan['rung'])}"


def decline(lab: Lab, id: str, now: datetime, actor: str, reason: str) -> str:
    """It is not run, or no further, says a person or whoever asked; the lab does not ask for it again by itself."""
    with lab.ledger.transaction() as tx:
        study = STUDIES.get(tx, id)
        if study.kind is not Kind.RUNG or study.state is not StudyState.OPEN:
            raise Refused(f"{id} is no open promotion; `org promote` lists them")
        if actor != study.asked_by:
            _only_a_person(actor)
        running = engine.cancel(tx, study, f"refused by {actor}: {reason or 'no reason was given'}", now)
    for run in running:
        executor.cancel(lab.layout.run(run))
    return f"{id} is not run"


def waiting(con: sqlite3.Connection) -> list[Study]:
    """Promotions whose cost nobody has agreed to."""
    return [study for study in ladder.open_(con) if study.plan["agreed"] is None]


def due(lab: Lab, con: sqlite3.Connection) -> list[str]:
    """Decisions of a chief who promotes."""
    if lab.config.protocol.promote != "chief":
        return []
    found = [o for o in offers(lab, con) if o.step.promoted and fits(lab, o.rung)]
    return [
        f"{subject_of(o)} may go to {ladder.named(lab, o.rung)} ({o.step.reason}): `org promote {words_of(o)}`" for o in found
    ]


def _pass_over(lab: Lab, offer: Offer, now: datetime) -> None:
    """Said once: why it stays where it is."""
    if offer.step.add_runs == 0:
        with lab.ledger.transaction() as tx:
            at = ladder.standing(tx, offer.experiments[0])
            events.append(tx, PASSED_OVER, offer.experiments[0], at=now, reason=offer.step.reason, rung=at)


def _idles(lab: Lab) -> bool:
    """Whether a device has nothing to do, nothing that may start waits, and no other promotion of the lab's own goes on."""
    con = lab.ledger.reader
    if schedule.held(lab) is not None or any(refused is None for _, refused in schedule.queue(lab)):
        return False
    if any(study.plan["agreed"] is not None for study in ladder.open_(con)):
        return False
    busy = {name for run in reads.running(con) for name in gang.members(run.device)}
    return any(device.name not in busy for device in lab.devices)


def _renew(lab: Lab, study: Study, now: datetime) -> list[str]:
    """Values of both sides of a change of the environment are not compared: the study starts over."""
    con = lab.ledger.reader
    pooled = {run.pool for run in studies.runs_of(con, study.id) if run.pool is not None}
    if all(pools.is_current(lab, con, POOLS.get(con, id)) for id in pooled):
        return []
    with lab.ledger.transaction() as tx:
        running = engine.cancel(tx, study, "the task, its environment or the devices changed: it starts over", now)
        again = studies.ask(tx, Kind.RUNG, study.subject, study.asked_by, now, study.program, **study.plan)
    for run in running:
        executor.cancel(lab.layout.run(run))
    return [again.id]


def _waiting(con: sqlite3.Connection, id: str, actor: str) -> Study:
    study = STUDIES.get(con, id)
    if study.kind is not Kind.RUNG or study.state is not StudyState.OPEN or study.plan["agreed"] is not None:
        raise Refused(f"{id} waits for nobody's yes: it is {study.state.value}")
    _only_a_person(actor)
    return study


def _only_a_person(actor: str) -> None:
    if actor != HUMAN:
        raise Refused(f"its cost is over protocol.promote_cost: a person decides, not {actor}")
