"""One line of history. Events are only ever appended."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """subject is an id (E41, R7, junior-2, a program's slug); organization is the digest of config, roles, prompts."""

    id: int
    at: datetime
    kind: str
    subject: str
    actor: str
    detail: dict[str, Any] = field(default_factory=dict)
    organization: str = ""
