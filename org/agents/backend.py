"""What a backend is, and what it is given. The backends themselves stand in registry.py, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from org.agents.observation import Composer, Observation
from org.config import AgentConfig


class Nudging(StrEnum):
    """How an agent learns that there is mail."""

    NONE = "none"  # it looks by itself
    WAKE = "wake"  # its own hook waits for a file; typed only when no hook takes it
    TYPED = "typed"  # one line is typed into its pane


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an agent sits. org: the org program. lab: what ORG_LAB is set to. entry: its lines of the config.

    root: the main worktree, under whose path the programs keep trust. home: a folder of its own for the backend's files;
    what is in it survives. prompt: its role and brief, rendered, kept up to date by the office. wake, hold: see Layout.
    environment: what the caller's environment holds, to look for a login or the name of a key (never to be written down).
    """

    agent: str
    role: str
    worktree: Path
    root: Path
    org: tuple[str, ...]
    lab: str
    hooks: Path
    home: Path
    prompt: Path
    mailbox: Path
    wake: Path
    hold: Path
    python: str
    entry: AgentConfig
    environment: Mapping[str, str] = field(default_factory=dict)
    script: Path | None = None  # for replay


@dataclass(frozen=True, slots=True)
class PaneCommand:
    """What the pane runs, where, and what it sees besides the terminal's own environment.

    keeps: names of variables (its own key) that the program takes from the environment `org start` was called with.
    They reach it without standing in an argument list or a file.
    """

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()


class Watcher(Protocol):
    """Follows one agent. Keeps only what saves reading files again; a new one starts from the files and is right."""

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        """What is new. screen: captures the pane's visible text; called only when hooks and files tell nothing."""


class Backend(Protocol):
    """One way to be an agent."""

    @property
    def name(self) -> str: ...

    @property
    def nudging(self) -> Nudging: ...

    def check(self, seat: Seat) -> list[str]:
        """What would keep it from starting (program missing, no login, no key), each with its fix. No side effects."""

    def prepare(self, seat: Seat) -> None:
        """Write the files its program needs into home. Before every start of its pane; twice changes nothing."""

    def pane_command(self, seat: Seat) -> PaneCommand:
        """What its pane runs now: a new conversation, or the one that home remembers. ConfigError says what lacks."""

    def watcher(self, seat: Seat) -> Watcher:
        """A new watcher of this agent."""

    def composer(self, screen: str) -> Composer:
        """What the input box shows on this screen. UNKNOWN forbids typing."""

    def close(self, screen: str) -> str | None:
        """The key that closes what a rate limit that is over left open on this screen; None: there is nothing to close."""

    def stash(self) -> str | None:
        """The key (as tmux names it) that puts a draft aside so that it comes back by itself; None: there is none."""
