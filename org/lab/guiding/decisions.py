"""Which decisions wait for the chief, each with the verb that makes it. From the ledger alone."""

import sqlite3

from org.lab import stops
from org.lab.lab import Lab
from org.lab.merging import worth
from org.lab.rungs import promote
from org.model.agent import Agent, Control
from org.model.agent import State as AgentState
from org.model.direction import Direction
from org.model.experiment import State
from org.model.program import State as ProgramState
from org.store import agents, experiments, programs, steering


def due(lab: Lab, con: sqlite3.Connection) -> list[str]:
    """The most urgent first; empty when nothing waits."""
    found = [_direction(d, lab.chief) for d in steering.standing(con) if lab.chief and lab.chief in d.unanswered]
    if lab.config.protocol.approve == "chief":
        found += [
            f"{e.id} by {e.author} waits for your review ({e.subject}): `org approve {e.id}` or `org refuse {e.id} --reason …`"
            for e in experiments.in_state(con, State.PROPOSED)
        ]
    if lab.config.protocol.worth_it == "chief":
        found += [
            f"{e.id} by {e.author} is better; is it worth its code ({e.subject})? `org approve {e.id}` or "
            f"`org refuse {e.id} --reason …`"
            for e in worth.waiting(lab, con)
        ]
    found += promote.due(lab, con)
    found += [f"{stop.program}: {stop.words}" for stop in stops.firing(con)]
    found += [f"{a.name} has no open program: `org program assign SLUG {a.name}`" for a in unassigned(lab, con)]
    found += [
        f"nobody works on {p.slug}: assign an agent, or `org program close {p.slug} --reason …`"
        for p in programs.in_state(con, ProgramState.OPEN)
        if not workers(lab, con, p.slug)
    ]
    return found


def unassigned(lab: Lab, con: sqlite3.Connection) -> list[Agent]:
    """Agents who could work and have no program that is open or paused."""
    alive = {p.slug for p in programs.in_state(con, ProgramState.OPEN, ProgramState.PAUSED)}
    here = [a for a in agents.everyone(con) if a.name != lab.chief and a.control is Control.AGENT]
    return [a for a in here if a.program not in alive and a.state not in (AgentState.STOPPED, AgentState.PAUSED)]


def workers(lab: Lab, con: sqlite3.Connection, slug: str) -> list[Agent]:
    """Who is assigned to a program."""
    return [a for a in agents.everyone(con) if a.program == slug and a.name != lab.chief and a.state is not AgentState.STOPPED]


def _direction(given: Direction, chief: str) -> str:
    letter = given.letters[chief]
    return f"a person directs {given.target}: “{given.text}”. Act on it, then say what you did: `org reply {letter} …`"
