"""Which decisions wait for the chief, and which for a person, each with the verb that makes it. From the ledger alone."""

import sqlite3

from org.lab import stops
from org.lab.drift import freezing
from org.lab.lab import Lab
from org.lab.merging import worth
from org.lab.rungs import promote
from org.lab.spend import limits
from org.model.agent import OF_A_PERSON, Agent, Control
from org.model.agent import State as AgentState
from org.model.direction import Direction
from org.model.experiment import Experiment, State
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


def of_person(lab: Lab, con: sqlite3.Connection) -> list[str]:
    """What waits for a person besides questions, each with the verb that settles it; empty when nothing does."""
    protocol, found = lab.config.protocol, []
    frozen = freezing.now(con)
    if frozen is not None:
        found.append(f"nothing is merged: {frozen.reason}. It goes on when the pool is measured anew, or `org resume merges`")
    found += [f"{a.name} {_trouble(a)}: `org watch {a.name}`, `org takeover {a.name}`" for a in agents.everyone(con) if _stuck(a)]
    if protocol.approve == "human" or (protocol.approve == "chief" and lab.chief is None):
        found += [_asks(e, "waits for your review") for e in experiments.in_state(con, State.PROPOSED)]
    if protocol.worth_it == "human" or lab.chief is None:
        found += [_asks(e, "is better; is it worth its code") for e in worth.waiting(lab, con)]
    found += [
        f"may {s.subject} go to a larger scale ({s.id})? `org approve {s.id}` or `org refuse {s.id} --reason …`"
        for s in promote.waiting(con)
    ]
    if lab.chief is None:
        found += [f"{stop.program}: {stop.words}" for stop in stops.firing(con)]
    spent = [limits.standing(lab, con, limit) for limit in limits.every(lab, con)]
    return found + [f"{s.words}; raise it, or let it end there" for s in spent if s.is_near]


def _asks(e: Experiment, what: str) -> str:
    return f"{e.id} by {e.author} {what} ({e.subject})? `org approve {e.id}` or `org refuse {e.id} --reason …`"


def _stuck(agent: Agent) -> bool:
    """Only a person can help it; while one has it, somebody does."""
    alone = agent.control is Control.AGENT
    waits = agent.state is AgentState.WAITING and agent.cause in OF_A_PERSON
    died = agent.state is AgentState.PAUSED and "in a row" in agent.reason
    return alone and (waits or died or agent.state is AgentState.STALLED)


def _trouble(agent: Agent) -> str:
    why = agent.reason or agent.cause.value
    return f"is {agent.state.value}{': ' + why if why else ''}"


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
