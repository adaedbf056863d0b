"""What the chief needs to know before it decides: `org brief` of the chief. From the ledger, now."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from org.lab import briefs, stops
from org.lab.guiding import decisions, situation, steering
from org.lab.guiding.situation import Backlog
from org.lab.lab import Lab
from org.lab.spend import limits
from org.lab.stops import Stop
from org.lab.verdicts import noise
from org.lab.verdicts.noise import Noise
from org.model.agent import Agent
from org.model.direction import Direction
from org.model.message import Message
from org.model.program import Program, State
from org.store import experiments, nudges, programs, reads
from org.store.reads import Totals
from org.store.tables import AGENTS


@dataclass(frozen=True, slots=True)
class Standing:
    """One program as its chief sees it. people: who works on it. spent: its allowance, in words."""

    program: Program
    stop: Stop
    noise: Noise
    merges: int
    open: int
    people: tuple[str, ...]
    spent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """due: decisions that wait, each with its verb. waiting: programs of the backlog; new: shipped briefs that nobody noted."""

    agent: Agent
    at: datetime
    directions: tuple[Direction, ...]
    due: tuple[str, ...]
    programs: tuple[Standing, ...]
    waiting: tuple[str, ...]
    new: tuple[str, ...]
    ideas: tuple[Backlog, ...]
    unread: tuple[Message, ...]
    totals: Totals
    spent: tuple[str, ...]
    next: str


def of(lab: Lab, name: str, now: datetime) -> Overview:
    """The overview of one chief."""
    con = lab.ledger.reader
    agent = AGENTS.get(con, name)
    due, unread = decisions.due(lab, con), nudges.unread(con, name)
    return Overview(
        agent, now, tuple(steering.for_agent(lab, con, agent)), tuple(due),
        tuple(standing(lab, con, p) for p in programs.in_state(con, State.OPEN, State.PAUSED)),
        tuple(p.slug for p in programs.in_state(con, State.BACKLOG)), tuple(_new(lab, con)),
        tuple(situation.backlog(con)), tuple(unread), reads.totals(con), tuple(situation.spent(lab, con, agent)),
        _next(due, unread),
    )  # fmt: skip


def standing(lab: Lab, con: sqlite3.Connection, program: Program) -> Standing:
    """One program now."""
    bound = limits.of_scope(lab, con, "program", program.slug)
    return Standing(
        program, stops.of(con, program), noise.of_program(lab, con, program), len(reads.merges(con, program.slug)),
        sum(e.is_open for e in experiments.of_program(con, program.slug)),
        tuple(a.name for a in decisions.workers(lab, con, program.slug)),
        tuple(limits.standing(lab, con, limit).words for limit in bound),
    )  # fmt: skip


def _new(lab: Lab, con: sqlite3.Connection) -> list[str]:
    """Names of shipped briefs that are in no program yet and that this lab can take: its files, its machine."""
    known, has = {p.slug for p in programs.in_state(con, *State)}, {device.kind for device in lab.devices}
    found = [briefs.read(path) for path in briefs.shipped(lab.prompts) if path.stem not in known]
    fitting = [b for b in found if set(b.editable) <= set(lab.config.task.editable) and set(b.needs) <= has]
    return [b.slug for b in fitting if b.slug not in known]


def _next(due: list[str], unread: list[Message]) -> str:
    if unread:
        return f"{len(unread)} letter{'' if len(unread) == 1 else 's'} first: `org inbox`"
    if due:
        return f"{len(due)} decision{'' if len(due) == 1 else 's'} of yours, above"
    return "nothing waits for you: end your turn; a letter wakes you"
