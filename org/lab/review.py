"""Approve or refuse what was proposed, by protocol.approve: auto, the chief, or the person. The same two words answer
whether a kept change is worth its code (worth.py) and a promotion its cost (promote.py)."""

from datetime import datetime

from org.comms.figures import gain, quoted
from org.lab import announce
from org.lab.lab import Lab
from org.lab.memory import footprints, repeats, tried
from org.lab.merging import worth
from org.lab.rungs import promote
from org.model.agent import Control
from org.model.experiment import Event, Experiment, State
from org.model.message import HUMAN, OFFICE, Kind
from org.store import experiments, mail
from org.store.tables import AGENTS, EXPERIMENTS, MESSAGES, PROGRAMS, STUDIES


def step(lab: Lab, now: datetime) -> list[str]:
    """Approve what may run. A proposal of an agent whose pane a person has is held until the hand-back."""
    approved = []
    for experiment in experiments.in_state(lab.ledger.reader, State.PROPOSED):
        if is_held(lab, experiment):
            continue
        if lab.config.protocol.approve == "auto":
            approve(lab, experiment.id, now, OFFICE)
            approved.append(experiment.id)
        else:
            _ask(lab, experiment, now)
    return approved


def is_held(lab: Lab, experiment: Experiment) -> bool:
    """Whether a person has the pane of its author and did not make the proposal."""
    author = AGENTS.find(lab.ledger.reader, experiment.author)
    return author is not None and author.control is not Control.AGENT and experiment.created_at < author.control_since


def approve(lab: Lab, id: str, now: datetime, actor: str) -> str:
    if STUDIES.find(lab.ledger.reader, id) is not None:
        return promote.agree(lab, id, now, actor)
    if EXPERIMENTS.get(lab.ledger.reader, id).state is State.QUEUED:
        return worth.agree(lab, id, now, actor)
    with lab.ledger.transaction() as tx:
        experiments.move(tx, id, Event.APPROVE, now, actor)
    return f"{id} may run"


def refuse(lab: Lab, id: str, now: datetime, actor: str, reason: str) -> str:
    if STUDIES.find(lab.ledger.reader, id) is not None:
        return promote.decline(lab, id, now, actor, reason)
    if EXPERIMENTS.get(lab.ledger.reader, id).state is State.QUEUED:
        return worth.decline(lab, id, now, actor, reason)
    with lab.ledger.transaction() as tx:
        announce.verdict(lab, tx, experiments.move(tx, id, Event.REFUSE, now, actor, reason), now)
    return f"{id} is refused"


def _ask(lab: Lab, experiment: Experiment, now: datetime) -> None:
    """Ask the reviewer once."""
    if MESSAGES.find(lab.ledger.reader, f"review-{experiment.id}") is not None:
        return
    reviewer = lab.chief if lab.config.protocol.approve == "chief" and lab.chief else HUMAN
    body = _body(lab, experiment)
    with lab.ledger.transaction() as tx:
        mail.post(
            tx, OFFICE, reviewer, Kind.NOTE, f"May {experiment.id} run? {experiment.subject}", body, now,
            refs=(experiment.id,), id=f"review-{experiment.id}",
        )  # fmt: skip


def _body(lab: Lab, e: Experiment) -> str:
    """What the reviewer needs: the author's words as such, what changes, what it resembles, how to answer."""
    con = lab.ledger.reader
    footprint = footprints.of(lab, [e]).get(e.id, tried.NOTHING)
    values, files = tried.changed_values(footprint), ", ".join(footprint.paths)
    changed = "; ".join(part for part in (values, files) if part) or "nothing that is known"
    near = repeats.words(repeats.near(lab, con, PROGRAMS.get(con, e.program), e))
    parts = [
        f"{e.author} proposes for {e.program} ({e.claim.value}):\n{quoted(e.because)}",
        f"Predicts:\n{quoted(e.predict)}" + (f"\nIn numbers: {gain(e.predicted_gain)}" if e.predicted_gain is not None else ""),
        f"Changes: {changed} (+{e.lines_added} −{e.lines_removed} lines); "
        f"`git diff {e.base_commit[:12]} {e.tip_commit[:12]}` shows it.",
        *near,
        f"Answer with `org approve {e.id}` or `org refuse {e.id} --reason …`.",
    ]
    return "\n\n".join(parts)
