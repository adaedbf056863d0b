"""What the doctor examines. Built from as much as can be found; nothing is made on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from org.agents.backend import Seat
from org.config import Config, agent_names
from org.model.errors import OrgError
from org.runs import devices, gpus
from org.runs.devices import Device
from org.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Subject:
    """layout None: there is no repository here. config None: there is none, or trouble says what is wrong with it.

    roles: the folder that roles are read from. org: the org program. hidden: cards that the driver has, seen or not.
    """

    python: str
    org: tuple[str, ...]
    environ: Mapping[str, str]
    now: datetime
    locks: Path
    roles: Path
    prompts: Path
    cards: gpus.Reading
    hidden: int = 0
    layout: Layout | None = None
    config_file: Path | None = None
    config: Config | None = None
    trouble: tuple[str, ...] = field(default=())

    @property
    def path(self) -> str:
        """Where the panes look for programs: this installation's first."""
        return f"{Path(self.python).parent}:{self.environ.get('PATH', '')}"

    def devices(self) -> Sequence[Device]:
        """The config's devices, as a start would find them; none when they are not to be had (cards.py tells why)."""
        try:
            return devices.discover(self.config.devices) if self.config else ()
        except OrgError:
            return ()


def seats(subject: Subject) -> Iterator[Seat]:
    """A seat for every agent of the config, made from names alone."""
    at = subject.layout
    if at is None or subject.config is None:
        return
    for name, entry in agent_names(subject.config):
        script = at.root / entry.script if entry.script else None
        yield Seat(
            name, entry.role, at.worktree(name), at.root, subject.org, str(at.comms), at.hooks(name), at.home(name),
            at.prompt(name), at.mailbox(name), at.wake(name), at.hold(name), subject.python, entry, subject.environ, script,
        )  # fmt: skip
