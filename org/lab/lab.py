"""What every function of the lab is given. Built by bootstrap alone."""

from dataclasses import dataclass, field
from pathlib import Path

from org.config import Config, Rung, agent_names
from org.runs.devices import Device
from org.runs.warm import Images
from org.science.protocol import Protocol
from org.store.layout import Layout
from org.store.ledger import Ledger
from org.workspace.git import Git


@dataclass(frozen=True, slots=True)
class Lab:
    """prompts, roles: the organization's source, read from disk. locks: the host's device locks. images: what keepers are
    forked from."""

    config: Config
    layout: Layout
    ledger: Ledger
    git: Git
    devices: tuple[Device, ...]
    protocol: Protocol
    prompts: Path
    roles: Path
    locks: Path
    images: Images = field(default_factory=Images)

    @property
    def sign(self) -> float:
        """Turns the metric into lower-is-better; applied once, where values enter a decision."""
        return 1.0 if self.config.task.direction == "lower" else -1.0

    @property
    def rung(self) -> Rung:
        return self.config.task.ladder[0]

    @property
    def chief(self) -> str | None:
        return next((name for name, entry in agent_names(self.config) if entry.role.startswith("chief")), None)
