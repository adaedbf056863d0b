"""Review, drift, screens, races, merges, promotions, studies; then the notebook pages of whatever changed."""

from collections.abc import Sequence
from datetime import datetime

from org.lab import pages, review
from org.lab.apart import Apart
from org.lab.drift import drifting
from org.lab.merging import merge, stacks
from org.lab.rungs import promote
from org.lab.screen import screening
from org.lab.studies import engine as studies
from org.lab.studies import outdated
from org.lab.verdicts import judge
from org.model.experiment import OPEN
from org.model.study import Kind
from org.store import experiments
from org.store.tables import EXPERIMENTS, STUDIES
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    """Each part apart from the others: what one of them cannot do stops neither the next ones nor the pages."""
    lab = office.lab
    changed: list[str] = []
    before = {e.id: e.state for e in experiments.in_state(lab.ledger.reader, *OPEN)}
    with Apart() as apart:
        with apart.one():
            review.step(lab, now)
        for part in (drifting.step, screening.step, judge.step):
            with apart.one():
                changed += part(lab, now)
        with apart.one():
            changed += merge.step(lab, now, apart)
        with apart.one():
            _promote(office, now, apart)
        with apart.one():
            _say(office, outdated.drop(lab, now, Kind.CERTIFICATE, Kind.NOISE, Kind.ABLATION, why=outdated.AGAIN))
        with apart.one():
            _say(office, outdated.drop(lab, now, Kind.REVERT))
        with apart.one():
            stacks.step(lab, now)
        with apart.one():
            _say(office, studies.step(lab, now, outer=apart))
        for id in dict.fromkeys(changed):
            experiment = EXPERIMENTS.get(lab.ledger.reader, id)
            if experiment.state is not before.get(id):  # a race that only goes on is told by its runs
                office.say(_told(id, experiment.state.value, experiment.subject, experiment.reason))
        with apart.one():
            _write_pages(office)


def _promote(office: Office, now: datetime, apart: Apart) -> None:
    for id in promote.step(office.lab, now, apart):
        office.say(f"{id} asked · {STUDIES.get(office.lab.ledger.reader, id).subject} to a larger rung")


def _say(office: Office, ended: Sequence[str]) -> None:
    """Studies that ended."""
    for id in ended:
        study = STUDIES.get(office.lab.ledger.reader, id)
        office.say(_told(id, study.state.value, f"{study.kind.value} of {study.subject}", study.reason))


def _told(id: str, state: str, *words: str) -> str:
    return " · ".join([f"{id} {state}", *filter(None, words)])


def _write_pages(office: Office) -> None:
    lab = office.lab
    touched, newest = pages.touched(lab, office.last_event)
    if not office.rewritten:
        touched |= set(pages.missing(lab))
        office.rewritten = True
    pages.write(lab, sorted(touched))
    office.last_event = newest  # only now: a page that could not be written is tried again
