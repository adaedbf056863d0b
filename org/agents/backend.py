"""What a backend is, and the backends by name. Another one is a class like these and a line in BACKENDS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from org.agents import hooks
from org.model.errors import ConfigError


class Nudge(StrEnum):
    """How an agent learns that there is something to do."""

    NONE = "none"  # it looks by itself
    TYPED = "typed"  # one line is typed into its pane
    WAKE = "wake"  # its own hook waits for a file


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agent sits. org: the org program. lab: what ORG_LAB is set to. script: for replay."""

    agent: str
    role: str
    worktree: Path
    org: tuple[str, ...]
    lab: str
    hooks: Path
    script: Path | None = None


@dataclass(frozen=True, slots=True)
class PaneCommand:
    """What the pane runs, where, and what it sees besides the terminal's own environment."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """One way to be an agent."""

    @property
    def name(self) -> str: ...

    @property
    def nudge(self) -> Nudge: ...

    def pane_command(self, seat: Seat) -> PaneCommand:
        """What its pane runs; started again after a death it continues. ConfigError when the seat lacks something."""

    def reports(self, seat: Seat, offset: int) -> tuple[list[hooks.Report], int]:
        """What the agent said of itself since byte offset of its hooks file, and where to read next."""


@dataclass(frozen=True, slots=True)
class OwnPane:
    """A backend that is our own program in the pane: `org pane NAME` plays it, and it looks for its mail by itself."""

    name: str
    needs_script: bool = False
    nudge: Nudge = Nudge.NONE

    def pane_command(self, seat: Seat) -> PaneCommand:
        """`org pane NAME` in the agent's worktree."""
        if self.needs_script and seat.script is None:
            raise ConfigError(f"agent {seat.agent}: backend {self.name} plays a script; add `script: FILE` to its entry")
        environment = {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab}
        return PaneCommand((*seat.org, "pane", seat.agent), seat.worktree, environment)

    def reports(self, seat: Seat, offset: int) -> tuple[list[hooks.Report], int]:
        """From the hooks file."""
        return hooks.read(seat.hooks, offset)


BACKENDS: Mapping[str, Backend] = {
    backend.name: backend for backend in (OwnPane("offline"), OwnPane("replay", needs_script=True))
}


def named(name: str, known: Mapping[str, Backend] = BACKENDS) -> Backend:
    """The backend of that name; ConfigError names the ones there are."""
    try:
        return known[name]
    except KeyError:
        raise ConfigError(f"there is no backend {name!r}; this version has {', '.join(sorted(known))}") from None
