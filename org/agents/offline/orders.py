"""What a person's note asks of the chief. A chief without a model knows a few words; all else becomes an idea."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"
    OPEN = "open"  # a brief that is not open yet
    FOCUS = "focus"  # every junior to this program
    ASSIGN = "assign"
    IDEA = "idea"  # anything else: into the backlog


WORDS = {
    "pause": Act.PAUSE, "hold": Act.PAUSE, "resume": Act.RESUME, "continue": Act.RESUME, "close": Act.CLOSE,
    "stop": Act.CLOSE, "end": Act.CLOSE, "open": Act.OPEN, "start": Act.OPEN, "focus": Act.FOCUS, "assign": Act.ASSIGN,
    "move": Act.ASSIGN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """program: a slug; agent: for ASSIGN; text: the line as written."""

    act: Act
    text: str
    program: str | None = None
    agent: str | None = None


def read(text: str, slugs: Collection[str], agents: Collection[str]) -> list[Asked]:
    """One order a line. A line counts as an order when its first word is one and it names a known program."""
    lines = (line.strip(" -*\t") for line in text.splitlines())
    return [_line(line, slugs, agents) for line in lines if line]


def _line(line: str, slugs: Collection[str], agents: Collection[str]) -> Asked:
    words = re.findall(r"[a-z0-9_-]+", line.lower().replace("please ", ""))
    act = WORDS.get(words[0]) if words else None
    program = next((w for w in words if w in slugs), None)
    agent = next((w for w in words if w in agents), None)
    if act is None or program is None or (act is Act.ASSIGN and agent is None):
        return Asked(Act.IDEA, line, program)
    return Asked(act, line, program, agent)
