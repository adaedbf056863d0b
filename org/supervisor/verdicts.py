"""Review, drift, screens, races, merges, promotions, studies; then the notebook pages of whatever changed."""

from datetime import datetime

from org.lab import pages, review
from org.lab.drift import drifting
from org.lab.merging import ablate, merge, stacks
from org.lab.rungs import promote
from org.lab.screen import screening
from org.lab.studies import engine as studies
from org.lab.verdicts import judge
from org.store.tables import EXPERIMENTS, STUDIES
from org.supervisor.office import Office


def step(office: Office, now: datetime) -> None:
    lab = office.lab
    review.step(lab, now)
    changed = [*drifting.step(lab, now), *screening.step(lab, now), *judge.step(lab, now), *merge.step(lab, now)]
    for id in promote.step(lab, now):
        office.say(f"{id} asked · {STUDIES.get(lab.ledger.reader, id).subject} to a larger rung")
    ablate.drop_outdated(lab, now)
    stacks.step(lab, now)
    for id in studies.step(lab, now):
        study = STUDIES.get(lab.ledger.reader, id)
        office.say(f"{id} {study.state.value} · {study.kind.value} of {study.subject} · {study.reason}")
    for id in dict.fromkeys(changed):
        experiment = EXPERIMENTS.get(lab.ledger.reader, id)
        office.say(f"{id} {experiment.state.value} · {experiment.subject} · {experiment.reason}")
    touched, newest = pages.touched(lab, office.last_event)
    if not office.rewritten:
        touched |= set(pages.missing(lab))
        office.rewritten = True
    pages.write(lab, sorted(touched))
    office.last_event = newest  # only now: a page that could not be written is tried again
