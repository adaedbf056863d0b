"""What an agent is given: its role with its program's brief, its place and a person's directions, as one page.

The page says what holds for long; what changes by the hour stands in `org brief`. It changes only when its sources do, so
the office may write it as often as it likes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from org.agents import briefing
from org.config import agent_names
from org.lab import prompts
from org.lab.guiding import steering
from org.lab.lab import Lab
from org.lab.verdicts import noise
from org.model.agent import Agent
from org.model.errors import ConfigError
from org.model.message import HUMAN
from org.model.program import Program
from org.store import atomic, meta
from org.store.tables import AGENTS, PROGRAMS


@dataclass(frozen=True, slots=True)
class Rendered:
    """role: its name. front: the role file's front matter. variables: what its text was filled in with."""

    agent: str
    role: str
    front: Mapping[str, Any]
    variables: Mapping[str, object]
    text: str


def role_page(lab: Lab, agent: str) -> str:
    """The text of Layout.prompt(agent) as of now. ConfigError names file, line or variable that is wrong."""
    return render(lab, agent).text


def write(lab: Lab, agent: str) -> bool:
    """Have the page on disk. True when it was not there or said something else."""
    path, text = lab.layout.prompt(agent), role_page(lab, agent)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    atomic.write_text(path, text)
    return True


def render(lab: Lab, name: str) -> Rendered:
    """The page with everything that went into it."""
    con = lab.ledger.reader
    agent = AGENTS.get(con, name)
    program = PROGRAMS.find(con, agent.program) if agent.program else None
    values = _variables(lab, agent, program)
    page = briefing.role(lab.roles, agent.role, values)
    return Rendered(name, agent.role, page.front, values, page.text)


def check(lab: Lab) -> list[str]:
    """What is wrong with the roles of the config, one sentence each. Nothing of the ledger is needed."""
    findings = []
    for role in dict.fromkeys(entry.role for _, entry in agent_names(lab.config)):
        try:
            briefing.role(lab.roles, role, prompts.variables(lab.config, "agent"))
        except ConfigError as error:
            findings.append(str(error))
    return findings


def _variables(lab: Lab, agent: Agent, program: Program | None) -> dict[str, object]:
    told = noise.words(noise.of_program(lab, lab.ledger.reader, program)) if program else noise.UNKNOWN
    return prompts.variables(
        lab.config, agent.name, program, worktree=str(lab.layout.worktree(agent.name)), branch=agent.branch or "",
        device=agent.device or "none", noise=told, note=_note(lab, agent), chief=_director(lab, agent),
        knowledge=str(lab.prompts / "knowledge"),
    )  # fmt: skip


def _note(lab: Lab, agent: Agent) -> str:
    """A person's directions in force, newest first, and what was said of the lab's root."""
    con = lab.ledger.reader
    given = [f"{d.at:%Y-%m-%d %H:%M} UTC, for {d.target}: {d.text}" for d in steering.for_agent(lab, con, agent)]
    root = meta.get(con, "root_note")
    return "\n\n".join([*given, *([f"Of the lab's root: {root}"] if root else [])])


def _director(lab: Lab, agent: Agent) -> str:
    """Who directs it besides a person."""
    return lab.chief if lab.chief and lab.chief != agent.name else HUMAN
