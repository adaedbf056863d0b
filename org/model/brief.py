"""A program's brief: typed front matter and prose."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Brief:
    """claim_margin is in metric units. space: recipe key → {low, high, log, int} or a list of choices."""

    slug: str
    title: str
    question: str
    body: str
    claim: str = "improve"
    margin: float = 0.0
    objective: str = ""  # as config.yaml has it
    editable: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    allowance: dict[str, float] = field(default_factory=dict)
    stop: dict[str, float] = field(default_factory=dict)
    space: dict[str, Any] = field(default_factory=dict)
