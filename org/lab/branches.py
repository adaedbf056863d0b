"""An agent's next branch: the tip stays reachable, a new branch starts at the program's head. Nobody cleans a tree."""

from datetime import datetime

from org.lab.lab import Lab
from org.model.errors import Refused
from org.model.program import State
from org.store import events
from org.store.tables import AGENTS, PROGRAMS
from org.workspace import refs, worktrees


def next_(lab: Lab, agent: str, now: datetime) -> str:
    """Start the agent's next branch and return its name. Refused without a program or with uncommitted changes."""
    row = AGENTS.get(lab.ledger.reader, agent)
    if row.program is None:
        raise Refused(f"{agent} has no program; `org program list` shows them, the chief assigns them")
    program = PROGRAMS.get(lab.ledger.reader, row.program)
    if program.state is not State.OPEN or program.head_commit is None:
        raise Refused(f"program {program.slug} is {program.state.value}; nothing new is started in it")
    path = lab.layout.worktree(agent)
    name = _free_name(lab, agent, program.slug)
    worktrees.switch_new_branch(path, name, program.head_commit)
    with lab.ledger.transaction() as tx:
        AGENTS.update(tx, agent, branch=name, branch_base=program.head_commit)
        events.append(tx, "agent.branch", agent, agent, now, branch=name, base=program.head_commit)
    return name


def _free_name(lab: Lab, agent: str, slug: str) -> str:
    number = 1
    while refs.head(lab.git, refs.junior_branch(lab.config.lab, agent, f"{slug}-{number}")) is not None:
        number += 1
    return refs.junior_branch(lab.config.lab, agent, f"{slug}-{number}")
