"""What an agent, a program and the lab may spend, asked before an agent is woken (admission.py asks before a run starts).

A limit is reached when what is spent and the largest next piece together would pass it, so that it is not passed. The
next piece of device-hours is the longest recent run; of tokens and dollars a few of the agent's largest calls, so that
its last letter and the hand-off that this asks for still fit in.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from org.config import agent_names
from org.lab.lab import Lab
from org.lab.spend import credentials, spending
from org.lab.spend.spending import Scope
from org.model.agent import Agent
from org.model.program import Program
from org.model.program import State as ProgramState
from org.store import nudges, programs
from org.store.tables import MESSAGES, PROGRAMS

WARN = 0.8  # share of a limit at which it is told once
HANDOFF_CALLS = 3  # calls of a model that reading the last letter, committing and writing the hand-off take
HANDOFF_SHARE = 0.1  # of a limit, at most, is kept for them
SELF_DRIVEN = frozenset({"offline", "replay", "human"})  # backends that no model drives


class Unit(StrEnum):
    """What is limited."""

    DEVICE_HOURS = "device_hours"
    TOKENS = "tokens"
    DOLLARS = "dollars"


@dataclass(frozen=True, slots=True)
class Limit:
    """most: in the unit. name: of the agent or program; "" for the lab."""

    scope: Scope
    name: str
    unit: Unit
    most: float

    @property
    def where(self) -> str:
        """What a person calls it: the place where it is written."""
        match self.scope:
            case "agent":
                return f"limits.{self.unit} of {self.name}"
            case "program":
                return f"the allowance of {self.name} ({self.unit})"
            case "lab":
                return f"limits.{self.unit}"

    @property
    def key(self) -> str:
        """Names it in ids of letters; another amount is another limit."""
        digest = sha256(f"{self.scope} {self.name} {self.unit} {self.most!r}".encode()).hexdigest()[:12]
        return f"{self.scope}-{self.unit}-{digest}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a limit is spent, and what the next piece may take."""

    limit: Limit
    spent: float
    next: float = 0.0

    @property
    def is_near(self) -> bool:
        return self.spent >= WARN * self.limit.most

    @property
    def is_full(self) -> bool:
        """Nothing more fits in."""
        return self.spent >= self.limit.most or passes(self.spent + self.next, self.limit.most)

    @property
    def words(self) -> str:
        return spent_words(self.limit, self.spent)


def passes(amount: float, most: float) -> bool:
    """Whether an amount is more than most, sums of thirds of hours being what they are."""
    return amount > most * (1 + 1e-9)


def spent_words(limit: Limit, spent: float) -> str:
    """`limits.device_hours: 19.9 of 20 are spent`."""
    return f"{limit.where}: {shown(limit.unit, spent)} of {shown(limit.unit, limit.most)} are spent"


def parks(lab: Lab, agent: Agent, now: datetime) -> str | None:
    """Why the agent may not be woken now; None when it may. It is still woken once to read its last letter."""
    held = credentials.holds(lab, agent, now)
    if held is not None:
        return held
    full = full_for(lab, agent)
    return None if full is None or _last_word_is_due(lab.ledger.reader, agent, full) else full.words


def full_for(lab: Lab, agent: Agent) -> Standing | None:
    """The limit that this agent has reached: its own, its program's, the lab's. An agent without a model costs nothing but
    its runs, so only its own counts."""
    con = lab.ledger.reader
    limits = of_scope(lab, con, "agent", agent.name)
    if agent.backend not in SELF_DRIVEN:
        if agent.program is not None:
            limits += [x for x in of_scope(lab, con, "program", agent.program) if x.unit is not Unit.DEVICE_HOURS]
        limits += of_scope(lab, con, "lab")
    found = (standing(lab, con, limit, agent.name) for limit in limits)
    return next((s for s in found if s.is_full), None)


def every(lab: Lab, con: sqlite3.Connection) -> list[Limit]:
    """All limits there are: the lab's, those of open programs, the agents'."""
    found = of_scope(lab, con, "lab")
    for program in programs.in_state(con, ProgramState.OPEN):
        found += of_scope(lab, con, "program", program.slug)
    for name, _ in agent_names(lab.config):
        found += of_scope(lab, con, "agent", name)
    return found


def of_scope(lab: Lab, con: sqlite3.Connection, scope: Scope, name: str = "") -> list[Limit]:
    """The limits of the lab, a program or an agent."""
    source: object = lab.config.limits
    if scope == "agent":
        source = next((entry.limits for known, entry in agent_names(lab.config) if known == name), None)
    if scope == "program":
        program = PROGRAMS.find(con, name)
        return [] if program is None else _allowance(program)
    named = ((unit, getattr(source, unit.value, None)) for unit in Unit)
    return [Limit(scope, name, unit, float(most)) for unit, most in named if most is not None]


def standing(lab: Lab, con: sqlite3.Connection, limit: Limit, caller: str | None = None) -> Standing:
    """How far a limit is spent. caller: the agent whose next calls are to fit in."""
    spent = spending.of(lab, con, limit.scope, limit.name)
    run = (spending.longest_run(con, lab.rung.run_budget) or 0.0) / 3600
    tokens, dollars = spending.largest_call(con, caller or limit.name)
    kept = HANDOFF_SHARE * limit.most
    match limit.unit:
        case Unit.DEVICE_HOURS:
            return Standing(limit, spent.device_hours, run)
        case Unit.TOKENS:
            return Standing(limit, float(spent.tokens), min(HANDOFF_CALLS * tokens, kept))
        case Unit.DOLLARS:
            rate = lab.config.device_dollars_per_hour or 0.0
            return Standing(limit, spent.dollars, max(min(HANDOFF_CALLS * dollars, kept), run * rate))


def has_a_call_left(lab: Lab, agent: Agent, full: Standing) -> bool:
    """Whether one more call of the agent's model, as large as its largest, still fits into the limit."""
    tokens, dollars = spending.largest_call(lab.ledger.reader, agent.name)
    piece = {Unit.TOKENS: float(tokens), Unit.DOLLARS: dollars, Unit.DEVICE_HOURS: 0.0}[full.limit.unit]
    return full.limit.unit is Unit.DEVICE_HOURS or not passes(full.spent + piece, full.limit.most)


def last_letter(agent: Agent, standing: Standing) -> str:
    """The id of the letter that asks an agent for its hand-off."""
    return f"limit-{standing.limit.key}-last-{agent.name}"


def shown(unit: Unit, value: float) -> str:
    """An amount as people read it; the limit's name says of what."""
    match unit:
        case Unit.DEVICE_HOURS:
            return f"{value:.3g}"
        case Unit.TOKENS:
            return spending.amount(value)
        case Unit.DOLLARS:
            return f"${value:.2f}"


def _allowance(program: Program) -> list[Limit]:
    named = ((unit, program.allowance.get(unit.value)) for unit in Unit)
    return [Limit("program", program.slug, unit, float(most)) for unit, most in named if most is not None]


def _last_word_is_due(con: sqlite3.Connection, agent: Agent, full: Standing) -> bool:
    letter = MESSAGES.find(con, last_letter(agent, full))
    if letter is None or letter.read_at is not None:
        return False
    return nudges.announced(con, agent.name, letter.id) == 0
