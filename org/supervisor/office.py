"""What the supervisor holds. Everything else it knows is in the ledger, so that it may be killed at any time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from org.lab.lab import Lab
from org.terminal.grid import Grid
from org.terminal.panes import PaneSpec


@dataclass(slots=True)
class Office:
    """grid is None where no terminal is wanted (tests, benches). specs: what each pane should be."""

    lab: Lab
    grid: Grid | None = None
    specs: tuple[PaneSpec, ...] = ()
    say: Callable[[str], None] = print
    # Memory between ticks: only what saves work; losing it costs nothing.
    hook_offsets: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    last_event: int = 0
    looked_at_panes: datetime | None = None
    looked_at_disk: datetime | None = None
    rewritten: bool = False
