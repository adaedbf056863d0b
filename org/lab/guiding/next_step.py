"""What an agent should type next, from the ledger and its worktree alone."""

import sqlite3
from collections.abc import Sequence

from org.lab.lab import Lab
from org.model.agent import Agent, Control, State
from org.model.experiment import Experiment
from org.model.program import Program
from org.model.program import State as ProgramState
from org.store import experiments, nudges
from org.store.tables import EXPERIMENTS
from org.workspace.worktrees import WorktreeStatus

CHECK = "`org try --steps 20`"
PROPOSE = '`org propose --claim improve --subject "…" --because "…" --predict "…" --predicted-gain …`'


def of_junior(lab: Lab, con: sqlite3.Connection, agent: Agent, program: Program | None, at: WorktreeStatus | None) -> str:
    """One sentence with the command in it."""
    hindrance = _hindrance(con, agent, program)
    if hindrance or program is None or at is None:
        return hindrance
    open_now = experiments.open_of(con, agent.name)
    mine = EXPERIMENTS.select(con, "WHERE author = ? AND tip_commit = ?", agent.name, at.commit)
    if at.dirty:
        return f"your change is not committed: check it with {CHECK}, commit it, then {PROPOSE}"
    if mine or (agent.branch_base != program.head_commit and at.commit == agent.branch_base) or agent.branch is None:
        return _next_branch(lab, open_now)
    if at.commit != agent.branch_base:
        return f"your commit waits: {PROPOSE}"
    return f"edit one mechanism, {CHECK}, commit, then {PROPOSE}"


def _hindrance(con: sqlite3.Connection, agent: Agent, program: Program | None) -> str:
    """What comes before all work; empty when nothing does."""
    if agent.control is not Control.AGENT:
        return f"{agent.controlled_by or 'a person'} has your pane: do nothing until the hand-back"
    unread = nudges.unread(con, agent.name)
    if unread:
        return f"{len(unread)} letter{'' if len(unread) == 1 else 's'} first: `org inbox`"
    if agent.state is State.PAUSED:
        return f"you are paused ({agent.reason}): end your turn; you are told when it goes on"
    if program is None:
        return "you have no program: end your turn; the chief assigns one and a letter wakes you"
    if program.state is not ProgramState.OPEN:
        return f"{program.slug} is {program.state.value}: start nothing new in it; end your turn"
    return ""


def _next_branch(lab: Lab, open_now: Sequence[Experiment]) -> str:
    limit = lab.config.protocol.open_per_agent
    if len(open_now) < limit:
        return "`org next` starts your next branch at the program's head"
    ids = ", ".join(e.id for e in open_now)
    return (
        f"{ids} are open, which is all you may have: use the time. `org next`, then prepare the ablation or the next idea; "
        "`org lessons --like …`; `org sweep --keys …`; `org idea …`. A letter tells you of the verdict"
    )
