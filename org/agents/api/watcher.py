"""Follows an api agent by the rows that its pane writes. The screen is not needed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from org.agents.api import rows
from org.agents.backend import Seat
from org.agents.observation import NOTHING_NEW, Observation, Prompt
from org.model.agent import Cause, State
from org.model.usage import Usage


@dataclass(slots=True)
class ApiWatcher:
    """Reads from where the last look ended; every prompt and every call once."""

    seat: Seat
    offset: int = 0

    def look(self, screen: Callable[[], str], now: datetime) -> Observation:
        """What the pane wrote since the last look."""
        found, self.offset = rows.read(self.seat.hooks, self.offset)
        found = [row for row in found if row.get("agent") == self.seat.agent]
        if not found:
            return NOTHING_NEW
        prompts = tuple(Prompt(r["at"], str(r["prompt"]), str(r.get("session", ""))) for r in found if "prompt" in r)
        usage = tuple(used for r in found if "usage" in r and (used := self._usage(r)) is not None)
        said = _status(next((r for r in reversed(found) if "state" in r), None))
        heard_at = max(r["at"] for r in found)
        session = next((str(r["session"]) for r in reversed(found) if r.get("session")), None)
        if said is None:
            return Observation(heard_at=heard_at, session=session, prompts=prompts, usage=usage)
        return Observation(
            said.state, said.cause, said.until, said.reason, said.words, session, said.context, heard_at, prompts,
            usage=usage,
        )  # fmt: skip

    def _usage(self, row: dict[str, Any]) -> Usage | None:
        told = row["usage"]
        try:
            return Usage(agent=self.seat.agent, at=row["at"], session=str(row.get("session", "")), **told)
        except TypeError:  # a row of another version
            return None


def _status(row: dict[str, Any] | None) -> rows.Status | None:
    if row is None:
        return None
    try:
        until = datetime.fromisoformat(row["until"]) if row.get("until") else None
        context = None if row.get("context") is None else float(row["context"])
        return rows.Status(
            State(row["state"]), str(row.get("words", "")), Cause(row.get("cause", "")), until, str(row.get("reason", "")),
            context,
        )  # fmt: skip
    except (ValueError, TypeError):
        return None
