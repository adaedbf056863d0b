"""Approve or refuse what was proposed, by protocol.approve: auto, the chief, or the person."""

from datetime import datetime

from org.lab import announce
from org.lab.lab import Lab
from org.model.agent import Control
from org.model.experiment import Event, Experiment, State
from org.model.message import HUMAN, OFFICE, Kind
from org.store import experiments, mail
from org.store.tables import AGENTS


def step(lab: Lab, now: datetime) -> list[str]:
    """Approve what may run. A proposal of an agent whose pane a person has is held until the hand-back."""
    approved = []
    for experiment in experiments.in_state(lab.ledger.reader, State.PROPOSED):
        author = AGENTS.find(lab.ledger.reader, experiment.author)
        if author is not None and author.control is not Control.AGENT and experiment.created_at < author.control_since:
            continue
        if lab.config.protocol.approve == "auto":
            approve(lab, experiment.id, now, OFFICE)
            approved.append(experiment.id)
        else:
            _ask(lab, experiment, now)
    return approved


def approve(lab: Lab, id: str, now: datetime, actor: str) -> None:
    with lab.ledger.transaction() as tx:
        experiments.move(tx, id, Event.APPROVE, now, actor)


def refuse(lab: Lab, id: str, now: datetime, actor: str, reason: str) -> None:
    with lab.ledger.transaction() as tx:
        announce.verdict(lab, tx, experiments.move(tx, id, Event.REFUSE, now, actor, reason), now)


def _ask(lab: Lab, experiment: Experiment, now: datetime) -> None:
    """Ask the reviewer once."""
    reviewer = lab.chief if lab.config.protocol.approve == "chief" and lab.chief else HUMAN
    body = (
        f"{experiment.because}\n\nPredicts: {experiment.predict}\n\n"
        f"Answer with `org approve {experiment.id}` or `org refuse {experiment.id} --reason …`."
    )
    with lab.ledger.transaction() as tx:
        mail.post(
            tx, OFFICE, reviewer, Kind.NOTE, f"May {experiment.id} run? {experiment.subject}", body, now,
            refs=(experiment.id,), id=f"review-{experiment.id}",
        )  # fmt: skip
