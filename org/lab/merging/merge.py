"""The merge queue: one merge at a time per program, of what has its label and is wanted (gate.py). If the head moved since
the experiment's base, or the task or its environment changed since the race, it is re-checked first.
While a drift is looked into (drifting.py) nothing is merged or re-checked."""

from datetime import datetime

from org.lab import announce
from org.lab.apart import Apart
from org.lab.drift import freezing
from org.lab.lab import Lab
from org.lab.merging import gate, heads, recheck
from org.lab.merging.gate import Passage
from org.lab.studies import outdated
from org.lab.verdicts import labels
from org.model.experiment import Event, Experiment, State
from org.model.message import OFFICE
from org.model.program import Event as ProgramEvent
from org.model.program import Program
from org.model.program import State as ProgramState
from org.model.study import Kind
from org.store import experiments, programs
from org.store.tables import EXPERIMENTS, PROGRAMS
from org.workspace import refs


def step(lab: Lab, now: datetime, outer: Apart | None = None) -> list[str]:
    """Finish intents, then advance the oldest queued experiment of each program. Returns the experiments that moved. What
    cannot be moved is in the way of its own program only; its error goes to outer, or is raised at the end."""
    changed: list[str] = []
    with Apart(outer) as apart:
        changed += heads.settle_intents(lab, now, apart)
        outdated.drop(lab, now, Kind.CURVE, why=labels.CHANGED)
        if freezing.now(lab.ledger.reader) is None:  # what was begun is finished above
            seen: set[str] = set()
            for experiment in experiments.in_state(lab.ledger.reader, State.QUEUED):
                with apart.one():
                    if _look(lab, experiment, seen, now):
                        changed.append(experiment.id)
    return changed


def _look(lab: Lab, experiment: Experiment, seen: set[str], now: datetime) -> bool:
    """seen: programs whose oldest had its turn. Returns whether the experiment moved."""
    program = PROGRAMS.get(lab.ledger.reader, experiment.program)
    if program.state is ProgramState.PAUSED or heads.is_moving(lab.ledger.reader, program.slug):
        return False  # what is in the move that was begun is not judged again
    passage = gate.look(lab, experiment, program, now)
    if passage is not Passage.OPEN or program.slug in seen:
        return passage is Passage.SHUT
    seen.add(program.slug)
    experiment = EXPERIMENTS.get(lab.ledger.reader, experiment.id)  # with its label
    if _is_ours(lab, program):
        return _advance(lab, experiment, program, now)
    return _stop_merging(lab, experiment, program, now)


def _advance(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    head = program.head_commit
    assert head is not None
    current = recheck.is_current(lab, experiment)
    if experiment.merge_onto is None and experiment.base_commit == head and current:
        return heads.move(lab, experiment, program, experiment.tip_commit, experiment.run_tree, now)
    if experiment.merge_onto != head or not current:
        return recheck.begin(lab, experiment, program, now)
    assert experiment.merge_tree is not None
    return recheck.look(lab, experiment, program, now)


def _is_ours(lab: Lab, program: Program) -> bool:
    """Whether the program's branch is where the lab left it."""
    return refs.head(lab.git, refs.program_branch(lab.config.lab, program.slug)) == program.head_commit


def _stop_merging(lab: Lab, experiment: Experiment, program: Program, now: datetime) -> bool:
    """Somebody else moved the branch: the lab only merges onto heads that it measured. An open program is paused until a
    person has decided; in a closed one nobody will."""
    name = refs.program_branch(lab.config.lab, program.slug)
    found = refs.head(lab.git, name) or "nothing"
    reason = f"{name} was moved by somebody else: {program.head_commit} was expected there, {found} is"
    with lab.ledger.transaction() as tx:
        if program.state is ProgramState.CLOSED:
            moved = experiments.move(tx, experiment.id, Event.DECLINE, now, reason=reason)
            announce.verdict(lab, tx, moved, now)
            return True
        programs.move(tx, program.slug, ProgramEvent.PAUSE, now, OFFICE, reason)
        announce.person(
            tx, f"{name} was moved by somebody else",
            f"{experiment.id} waits to be merged, but {reason}. Put the branch back to {program.head_commit} and "
            f"`org resume {program.slug}`, or close the program.", now,
        )  # fmt: skip
    return False
