"""What an agent needs to know before it works: `org brief`. Everything comes from the ledger and its worktree, now."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from org.lab import stops
from org.lab.guiding import next_step, steering
from org.lab.lab import Lab
from org.lab.memory import footprints, lessons, tried
from org.lab.memory.lessons import Closed, Note
from org.lab.memory.tried import Group, Line
from org.lab.spend import limits
from org.lab.stops import Stop
from org.lab.verdicts import noise
from org.lab.verdicts.noise import Noise
from org.model import idea as ideas
from org.model.agent import Agent
from org.model.direction import Direction
from org.model.experiment import OPEN
from org.model.idea import Idea
from org.model.message import Message
from org.model.program import Program
from org.model.study import Kind
from org.store import draws, experiments, nudges, reads, studies
from org.store.tables import AGENTS, IDEAS, PROGRAMS
from org.workspace import worktrees


@dataclass(frozen=True, slots=True)
class Backlog:
    """An open idea, and the agent that has it in hand."""

    idea: Idea
    holder: str | None


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of an agent's program. directions: a person's, in force, newest first. groups: what was decided, by what it
    worked on. mine, others: open experiments of the whole lab. sweeps: open ones, spent: each limit, both in words."""

    agent: Agent
    at: datetime
    directions: tuple[Direction, ...]
    program: Program | None
    merges: int
    noise: Noise
    stop: Stop | None
    spent: tuple[str, ...]
    mine: tuple[Line, ...]
    others: tuple[Line, ...]
    sweeps: tuple[str, ...]
    groups: tuple[Group, ...]
    notes: tuple[Note, ...]
    closed: tuple[Closed, ...]
    ideas: tuple[Backlog, ...]
    unread: tuple[Message, ...]
    next: str


def of(lab: Lab, name: str, now: datetime) -> Situation:
    """The situation of one agent."""
    con = lab.ledger.reader
    agent = AGENTS.get(con, name)
    program = PROGRAMS.find(con, agent.program) if agent.program else None
    path = lab.layout.worktree(name)
    open_now = experiments.in_state(con, *OPEN)
    decided = [e for e in reads.experiments(con, program=program.slug) if not e.is_open] if program else []
    prints = footprints.of(lab, [*open_now, *decided])
    racing = [(e, tried.line(e, prints.get(e.id, tried.NOTHING))) for e in open_now]
    said = {e.id for e in decided}
    return Situation(
        agent, now, tuple(steering.for_agent(lab, con, agent)), program,
        merges=len(reads.merges(con, program.slug)) if program else 0,
        noise=noise.of_program(lab, con, program) if program else Noise(None, 0.0, None, 0, None),
        stop=stops.of(con, program) if program else None,
        spent=tuple(spent(lab, con, agent)),
        mine=tuple(line for e, line in racing if e.author == name),
        others=tuple(line for e, line in racing if e.author != name),
        sweeps=tuple(sweeps(con)),
        groups=tuple(tried.groups(decided, prints)),
        notes=tuple(n for n in lessons.notes(con) if n.experiment in said),
        closed=tuple(lessons.closed(con)),
        ideas=tuple(backlog(con, agent.program)),
        unread=tuple(nudges.unread(con, name)),
        next=next_step.of_junior(lab, con, agent, program, worktrees.status(path) if path.exists() else None),
    )  # fmt: skip


def spent(lab: Lab, con: sqlite3.Connection, agent: Agent) -> list[str]:
    """How far each limit that binds the agent is spent."""
    bound = limits.of_scope(lab, con, "agent", agent.name)
    bound += limits.of_scope(lab, con, "program", agent.program) if agent.program else []
    bound += limits.of_scope(lab, con, "lab")
    return [limits.standing(lab, con, limit, agent.name).words for limit in bound]


def backlog(con: sqlite3.Connection, *for_programs: str | None) -> list[Backlog]:
    """Open ideas, those of these programs and those of none; without programs all."""
    hands = draws.in_hand(con)
    found: Sequence[Idea] = IDEAS.select(con, "WHERE state = ? ORDER BY id", ideas.State.OPEN.value)
    return [Backlog(i, hands.get(i.id)) for i in found if not for_programs or i.program is None or i.program in for_programs]


def sweeps(con: sqlite3.Connection) -> list[str]:
    """Open sweeps, so that nobody sweeps the same."""
    return [
        f"{s.id} sweeps {', '.join(s.plan['space'])} of {s.program} for {s.plan['agent']}: "
        f"{len(s.plan.get('values', ()))} of {s.plan['trials']} trials begun"
        for s in studies.open_(con, Kind.SWEEP)
    ]  # fmt: skip
