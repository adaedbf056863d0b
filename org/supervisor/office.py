"""What the supervisor holds. Everything else it knows is in the ledger, so that it may be killed at any time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from org.lab.lab import Lab
from org.supervisor.desk import Desk
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec


def no_pane(name: str) -> PaneSpec | None:
    """Where nothing has a pane."""
    return None


@dataclass(slots=True)
class Office:
    """grid is None where no terminal is wanted (tests, benches). desks: the agents, by name. spec: what a pane should run
    if it were started now; it makes the files that its program needs."""

    lab: Lab
    grid: Grid | None = None
    desks: dict[str, Desk] = field(default_factory=dict)
    spec: Callable[[str], PaneSpec | None] = no_pane
    say: Callable[[str], None] = print
    # Memory between ticks: only what saves work; losing it costs nothing.
    titles: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    last_event: int = 0
    looked_at_panes: datetime | None = None
    looked_at_disk: datetime | None = None
    looked_at_cards: datetime | None = None
    strangers: dict[str, str] = field(default_factory=dict)
    guided: datetime | None = None
    attended: datetime | None = None
    gave_roles: datetime | None = None
    rewritten: bool = False
