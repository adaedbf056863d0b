"""Check a proposal and write it down. Runs in the caller; the supervisor decides what becomes of it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from org.lab import ideas
from org.lab.lab import Lab
from org.lab.memory import footprints, repeats
from org.lab.merging import parts as ablate_parts
from org.lab.verdicts import simplifying
from org.model.agent import State as AgentState
from org.model.errors import Refused
from org.model.experiment import Claim, Experiment, State
from org.model.program import Program
from org.model.program import State as ProgramState
from org.store import events, experiments, reads
from org.store.tables import AGENTS, EXPERIMENTS, PROGRAMS
from org.workspace import changes, diff, refs, snapshots, worktrees

REFUSED = "proposal.refused"  # the event of an agent's refused proposal


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an author says. predicted_gain is in metric units, positive is better. again: why what was tried from another
    base is worth another try."""

    claim: Claim
    subject: str
    because: str
    predict: str
    predicted_gain: float | None = None
    margin: float | None = None
    idea: int | None = None
    again: str = ""
    parts: tuple[str, ...] = ()  # marks for an ablation (ablate_parts.py)


def propose(lab: Lab, agent: str, proposal: Proposal, now: datetime, signed: str | None = None) -> Experiment:
    """Write the agent's committed tip down as an experiment. Refused, by name, when anything is wrong with it.

    signed: who really proposes, when a person does it in the agent's place.
    """
    try:
        program = _program_of(lab, agent, signed)
        return of_tip(lab, program, agent, proposal, worktrees.status(lab.layout.worktree(agent)), now, signed)
    except Refused as refusal:
        if signed is None:  # an agent that repeats itself is told (grinding.py)
            with lab.ledger.transaction() as tx:
                events.append(tx, REFUSED, agent, agent, now, subject=proposal.subject, reason=str(refusal))
        raise


def _program_of(lab: Lab, agent: str, signed: str | None) -> Program:
    row = AGENTS.get(lab.ledger.reader, agent)
    if row.program is None:
        raise Refused(f"{agent} has no program to propose to")
    if row.state is AgentState.PAUSED and signed is None:
        raise Refused(f"{agent} is paused ({row.reason or 'no reason was given'}); `org resume {agent}` lets it go on")
    return PROGRAMS.get(lab.ledger.reader, row.program)


def of_tip(
    lab: Lab, program: Program, agent: str, proposal: Proposal, status: worktrees.WorktreeStatus, now: datetime,
    signed: str | None = None,
) -> Experiment:  # fmt: skip
    """The same for a commit that stands in no agent's worktree. agent: its author."""
    if program.state is not ProgramState.OPEN:
        raise Refused(f"program {program.slug} is {program.state.value}; it takes no proposals")
    for name in ("subject", "because", "predict"):
        if not getattr(proposal, name).strip():
            raise Refused(f"--{name} needs words: hypothesis and prediction come before the runs")
    base = _base(lab, program, status.commit)
    _refuse_paths(lab, program, base, status)
    base_tree, run_tree = (_run_tree(lab, program, commit) for commit in (base, status.commit))
    if run_tree == base_tree:
        raise Refused("the tip runs the same tree as its base: nothing that may be edited was changed")
    footprints.of(lab, reads.experiments(lab.ledger.reader))  # what is not worked out yet, before anybody waits for us
    marks = ablate_parts.check(lab, base_tree, run_tree, proposal.parts)
    counted, footprint = diff.lines(lab.git, base, status.commit), footprints.measure(lab, base_tree, run_tree)
    with lab.ledger.transaction() as tx:
        repeats.refuse(lab, tx, footprint, run_tree, proposal.again)
        _refuse_crowd(lab, tx, agent)
        experiment = Experiment(
            id=EXPERIMENTS.next_name(tx, "E"), program=program.slug, author=agent, state=State.PROPOSED,
            claim=proposal.claim, margin=_margin(lab, tx, program, proposal), subject=" ".join(proposal.subject.split()),
            because=proposal.because.strip(), predict=proposal.predict.strip(),
            predicted_gain=proposal.predicted_gain, base_commit=base, tip_commit=status.commit, base_tree=base_tree,
            run_tree=run_tree, created_at=now, branch=status.branch or "", idea=proposal.idea,
            lines_added=counted.added, lines_removed=counted.removed, parts=marks,
        )  # fmt: skip
        EXPERIMENTS.insert(tx, experiment)
        if proposal.idea is not None:
            ideas.take(tx, proposal.idea, experiment.id, agent, now)
        again = {"again": proposal.again.strip()} if proposal.again.strip() else {}
        events.append(tx, "experiment.proposed", experiment.id, signed or agent, now, subject=experiment.subject, **again)
        _keep(lab, experiment)
    return experiment


def _keep(lab: Lab, experiment: Experiment) -> None:
    """Keep the tip reachable. A ref of this name before its row is what a proposal left that died in between."""
    name = refs.try_ref(lab.config.lab, experiment.id)
    left = refs.head(lab.git, name)
    if left is not None and left != experiment.tip_commit:
        refs.update(lab.git, name, experiment.tip_commit, left)
    refs.keep_try(lab.git, lab.config.lab, experiment.id, experiment.tip_commit)


def _base(lab: Lab, program: Program, tip: str) -> str:
    """The newest head of the program that the tip contains."""
    assert program.head_commit is not None and program.root_commit is not None
    git = lab.git
    shared = git.ask("merge-base", program.head_commit, tip)
    base = shared.out.strip() if shared.code == 0 else None  # 1: no history in common
    line = git.run("rev-list", "--first-parent", f"{program.root_commit}..{program.head_commit}").split()
    if base is None or base not in (*line, program.root_commit):
        raise Refused(f"the branch does not start at a head of {program.slug}; `org next` starts one that does")
    return base


def _refuse_paths(lab: Lab, program: Program, base: str, status: worktrees.WorktreeStatus) -> None:
    changed = changes.changes(lab.git, base, status.commit)
    found = changes.refusals(changed, program.editable, status, lab.config.task.protected)
    if found:
        raise Refused("\n".join(found))


def _run_tree(lab: Lab, program: Program, commit: str) -> str:
    assert program.root_commit is not None
    return snapshots.run_tree(lab.git, program.root_commit, commit, program.editable, lab.config.task.protected)


def _refuse_crowd(lab: Lab, con: sqlite3.Connection, agent: str) -> None:
    open_now = experiments.open_of(con, agent)
    if len(open_now) >= lab.config.protocol.open_per_agent:
        listed = ", ".join(f"{e.id} ({e.state.value})" for e in open_now)
        raise Refused(f"{agent} has {len(open_now)} open experiments: {listed}; wait for a verdict or withdraw one")


def _margin(lab: Lab, con: sqlite3.Connection, program: Program, proposal: Proposal) -> float:
    if proposal.claim is Claim.IMPROVE:
        return 0.0
    margin = program.margin if proposal.margin is None else proposal.margin
    if margin > 0:
        return margin
    usual = simplifying.default_margin(lab, con, program) if proposal.margin is None else None
    if usual is None:
        raise Refused(
            f"claim simplify needs a margin in metric units: the brief of {program.slug} has none and its noise is not "
            "measured yet, give --margin"
        )
    return usual.value
