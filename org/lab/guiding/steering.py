"""`org steer`: a person's direction, to whom it reaches. It stands in `org brief` and in every role page until lifted."""

import sqlite3
from datetime import datetime

from org.comms.reply import EVERYBODY
from org.lab.lab import Lab
from org.model.agent import Agent
from org.model.direction import Direction
from org.model.errors import Refused, UsageError
from org.model.message import HUMAN
from org.store import agents, steering
from org.store.tables import AGENTS, PROGRAMS


def steer(lab: Lab, target: str, text: str, actor: str, now: datetime, add: bool = False) -> tuple[Direction, list[Direction]]:
    """Direct a program, an agent or all: a letter to its agents and to the chief. Returns what is in force now, and what it
    replaces. Refused for an agent: directions are a person's."""
    with lab.ledger.transaction() as tx:
        return within(lab, tx, target, text, actor, now, add)


def within(
    lab: Lab, tx: sqlite3.Connection, target: str, text: str, actor: str, now: datetime, add: bool = False
) -> tuple[Direction, list[Direction]]:
    """The same inside a transaction."""
    _refuse_agents(actor)
    if not text.strip():
        raise Refused("a direction needs words")
    readers = _readers(lab, tx, target)
    before = steering.standing(tx, target)
    given = steering.give(tx, target, text.strip(), readers, actor, now, add)
    return given, [] if add else before


def lift(lab: Lab, target: str, actor: str, now: datetime) -> list[Direction]:
    """Take back what is in force for the target. Returns it."""
    _refuse_agents(actor)
    with lab.ledger.transaction() as tx:
        before = steering.standing(tx, target)
        if not before:
            raise Refused(f"no direction is in force for {target}; `org steer` lists them")
        steering.lift(tx, target, actor, now)
    return before


def for_agent(lab: Lab, con: sqlite3.Connection, agent: Agent) -> list[Direction]:
    """What is in force for an agent, newest first: its own, its program's and everybody's; for the chief, all."""
    return steering.standing(con) if agent.name == lab.chief else steering.standing(con, agent.name, agent.program, EVERYBODY)


def _readers(lab: Lab, con: sqlite3.Connection, target: str) -> list[str]:
    if target == EVERYBODY:
        told = [a.name for a in agents.everyone(con)]
    elif PROGRAMS.find(con, target) is not None:
        told = [a.name for a in agents.everyone(con) if a.program == target]
    elif AGENTS.find(con, target) is not None:
        told = [target]
    else:
        names = [a.name for a in AGENTS.select(con)] + [p.slug for p in PROGRAMS.select(con)]
        raise UsageError(f"{target} is neither an agent nor a program; there are {', '.join([*names, EVERYBODY])}")
    return list(dict.fromkeys([*told, *([lab.chief] if lab.chief else [])]))


def _refuse_agents(actor: str) -> None:
    if actor != HUMAN:
        raise Refused("directions are a person's; an agent writes `org send AGENT SUBJECT TEXT`")
