"""What stands between a keep and its merge: its label, the program's objective, and whether it is worth its code. An
experiment that waits here is in nobody's way."""

from datetime import datetime
from enum import StrEnum

from org.lab import announce
from org.lab.drift import reopening
from org.lab.lab import Lab
from org.lab.merging import worth
from org.lab.verdicts import labels
from org.model.experiment import Event, Experiment
from org.model.program import Program
from org.model.program import State as ProgramState
from org.science.labels import Label, Objective, merges
from org.store import experiments
from org.store.tables import EXPERIMENTS


class Passage(StrEnum):
    OPEN = "open"  # it may be merged
    WAITS = "waits"  # for runs, or for an answer
    SHUT = "shut"  # it left the queue just now: declined, or opened again


def look(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> Passage:
    """May this queued experiment be merged? Asks for what is missing, and declines what the policies do. What the objective
    cannot judge, because the label would be of a task that has changed since, is raced again in today's."""
    if not labels.settle(lab, experiment, now):
        return Passage.WAITS
    experiment = EXPERIMENTS.get(lab.ledger.reader, experiment.id)
    if _lacks_its_label(lab, experiment, program):
        with lab.ledger.transaction() as tx:
            reopening.again(lab, tx, experiment, f"opened again: {labels.CHANGED}, and {program.slug} merges by label", now)
        return Passage.SHUT
    objection = against_objective(lab, experiment, program) or worth.objection(lab, experiment)
    if objection is not None:
        with lab.ledger.transaction() as tx:
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason=objection)
            announce.verdict(lab, tx, moved, now)
        return Passage.SHUT
    return Passage.OPEN if worth.is_agreed(lab, experiment, now) else Passage.WAITS


def _lacks_its_label(lab: Lab, experiment: Experiment, program: Program) -> bool:
    wanted = objective(lab, program) is not Objective.TIME and program.state is not ProgramState.CLOSED
    return wanted and labels.is_outdated(experiment)


def objective(lab: Lab, program: Program) -> Objective:
    """What the program merges: its brief says, else the lab's config."""
    return Objective(program.objective or lab.config.protocol.objective)


def against_objective(lab: Lab, experiment: Experiment, program: Program) -> str | None:
    """Why the program's objective does not want it; None when it does. Where the task reports no FLOPs nothing can be
    told apart, and the objective is time."""
    wanted, detail = objective(lab, program), experiment.label_detail
    if wanted is Objective.TIME or detail.get("no_flops"):
        return None
    if experiment.label and merges(wanted, Label(experiment.label)):
        return None
    return f"the objective of {program.slug} is {wanted.value}: {detail['reason']}"
