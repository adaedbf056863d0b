"""State, control and assignment of agents: each change with its event."""

import sqlite3
from datetime import datetime

from org.model.agent import Agent, Cause, ControlEvent, State, advance_control
from org.store import events
from org.store.tables import AGENTS


def everyone(con: sqlite3.Connection) -> list[Agent]:
    """All agents in the order of the config (the chief first)."""
    return AGENTS.select(con, "ORDER BY rowid")


def set_state(
    con: sqlite3.Connection, name: str, state: State, now: datetime, reason: str = "", cause: Cause = Cause.NONE,
    until: datetime | None = None,
) -> None:  # fmt: skip
    """Record a new state with its cause; the same again is not an event."""
    before = AGENTS.get(con, name)
    if (before.state, before.reason, before.cause, before.until) == (state, reason, cause, until):
        return
    since = before.state_since if before.state is state else now
    AGENTS.update(con, name, state=state, state_since=since, reason=reason, cause=cause, until=until)
    events.append(con, f"agent.{state.value}", name, at=now, was=before.state.value, reason=reason)


def set_control(
    con: sqlite3.Connection, name: str, event: ControlEvent, now: datetime, actor: str, note: str = "",
    commit: str | None = None,
) -> Agent:  # fmt: skip
    """Move who controls the agent. IllegalMove when that makes no sense from here."""
    before = AGENTS.get(con, name)
    after = advance_control(before.control, event, name)
    AGENTS.update(
        con, name, control=after, control_since=now, controlled_by=actor, control_note=note,
        control_commit=commit or before.control_commit,
    )  # fmt: skip
    events.append(con, f"control.{after.value}", name, actor, now, was=before.control.value, note=note)
    return AGENTS.get(con, name)


def assign(con: sqlite3.Connection, name: str, program: str | None, now: datetime, actor: str) -> None:
    """Say which program an agent works on."""
    AGENTS.get(con, name)
    AGENTS.update(con, name, program=program)
    events.append(con, "agent.assigned", name, actor, now, program=program)
