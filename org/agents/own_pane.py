"""Backends that are our own program in the pane: `org pane NAME` plays them. They look for their mail by themselves and
say what they do in the hooks file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from org.agents import hooks
from org.agents.backend import Nudging, PaneCommand, Seat
from org.agents.observation import NOTHING_NEW, Composer, Observation
from org.model.errors import ConfigError


@dataclass(slots=True)
class ReportWatcher:
    """Reads what the pane reported of itself."""

    seat: Seat
    offset: int = 0

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        """The last report; the screen is not needed."""
        reports, self.offset = hooks.read(self.seat.hooks, self.offset)
        if not reports:
            return NOTHING_NEW
        last = reports[-1]
        return Observation(state=last.state, words=last.words, heard_at=last.at)


class Untyped:
    """What all panes have in common that report by themselves, and into which nothing is ever typed."""

    __slots__ = ()

    def watcher(self, seat: Seat) -> ReportWatcher:
        """It reads what the pane reports."""
        return ReportWatcher(seat)

    def composer(self, screen: str) -> Composer:
        """Nothing is ever typed into it."""
        return Composer.UNKNOWN

    def close(self, screen: str) -> str | None:
        """None."""
        return None

    def stash(self) -> str | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class OwnPane(Untyped):
    """A backend that is our own program in the pane."""

    name: str
    needs_script: bool = False
    nudging: Nudging = Nudging.NONE

    def check(self, seat: Seat) -> list[str]:
        """A script where one is played."""
        if self.needs_script and seat.script is None:
            return [f"agent {seat.agent}: backend {self.name} plays a script; add `script: FILE` to its entry"]
        return []

    def prepare(self, seat: Seat) -> None:
        """Nothing: it keeps no files."""

    def pane_command(self, seat: Seat) -> PaneCommand:
        """`org pane NAME` in the agent's worktree."""
        if missing := self.check(seat):
            raise ConfigError(missing[0])
        environment = {"ORG_AGENT": seat.agent, "ORG_LAB": seat.lab}
        return PaneCommand((*seat.org, "pane", seat.agent), seat.worktree, environment)
