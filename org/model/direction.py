"""A direction: what a person wants of a program or an agent, until it is lifted or replaced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Direction:
    """target: a program's slug or an agent. letters: agent → id of the letter that told it. answered: who has replied."""

    id: str  # steer-3
    target: str
    text: str
    by: str
    at: datetime
    letters: Mapping[str, str] = field(default_factory=dict)
    answered: frozenset[str] = frozenset()

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Who was told and has not said what it does about it."""
        return tuple(agent for agent in self.letters if agent not in self.answered)
