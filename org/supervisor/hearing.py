"""What agents are heard to do becomes their state; prompts become receipts of nudges, or the sign of a person."""

import re
import sqlite3
from datetime import datetime
from functools import partial

from org.agents.observation import Observation
from org.lab import control
from org.lab.spend import spending
from org.model.agent import Agent, Cause, Control, State
from org.model.errors import OrgError
from org.model.message import HUMAN
from org.model.nudge import State as NudgeState
from org.store import agents, nudges
from org.store.tables import AGENTS, NUDGES
from org.supervisor.desk import Desk
from org.supervisor.office import Office

TOKEN = re.compile(r"\bORG-(\d+)\b")
NOT_HEARD = (State.PAUSED, State.STOPPED)  # these hold whatever the agent says


def step(office: Office, now: datetime) -> None:
    """Look at every agent once."""
    for agent in agents.everyone(office.lab.ledger.reader):
        desk = office.desks.get(agent.name)
        if desk is not None:
            control.keep_hold(office.lab, agent)
            _hear(office, desk, agent, desk.watcher.look(partial(_screen, office, agent.name), now), now)


def _screen(office: Office, name: str) -> str:
    """The pane's screen; "" when there is no pane to look at."""
    try:
        return office.grid.screen(name) if office.grid is not None else ""
    except OrgError:
        return ""


def _hear(office: Office, desk: Desk, agent: Agent, seen: Observation, now: datetime) -> None:
    changes = _changes(agent, seen)
    moved = _is_news(desk, agent, seen)
    desk.looked = True
    # A watcher that starts anew tells old prompts again; the ledger keeps times to the millisecond.
    prompts = [p for p in seen.prompts if agent.prompted_at is None or _to_the_ms(p.at) > agent.prompted_at]
    if changes or moved or prompts or seen.queued or seen.usage:
        with office.lab.ledger.transaction() as tx:
            if changes:
                AGENTS.update(tx, agent.name, **changes)
            if moved:
                assert seen.state is not None
                agents.set_state(tx, agent.name, seen.state, now, _reason(seen), seen.cause, seen.until)
            for text in seen.queued:
                _receipts(tx, text, NudgeState.QUEUED, now)
            for prompt in prompts:
                _receipts(tx, prompt.text, NudgeState.DELIVERED, now)
            if prompts:
                AGENTS.update(tx, agent.name, prompted_at=max(p.at for p in prompts))
            spending.record(office.lab, tx, agent, seen.usage, now)
    typed = [p for p in prompts if not TOKEN.search(p.text)]
    if typed and agent.control is not Control.HUMAN:
        office.say(control.take(office.lab, agent.name, HUMAN, now, f"typed in the pane: {_short(typed[0].text)}"))


def _changes(agent: Agent, seen: Observation) -> dict[str, object]:
    """Columns that differ; the sign of life only when it moved by seconds, to spare the ledger."""
    told = {"last_words": seen.words or None, "session": seen.session, "context": seen.context}
    changed: dict[str, object] = {k: v for k, v in told.items() if v is not None and v != getattr(agent, k)}
    old = agent.heard_at
    if seen.heard_at is not None and (old is None or (seen.heard_at - old).total_seconds() > 2):
        changed["heard_at"] = seen.heard_at
    return changed


def _is_news(desk: Desk, agent: Agent, seen: Observation) -> bool:
    """Whether the state is to be taken over. What was said before the last known change is old."""
    if seen.state is None or agent.state in NOT_HEARD:
        return False
    if not desk.looked and seen.heard_at is not None and seen.heard_at < agent.state_since:
        return False
    return (seen.state, seen.cause, seen.until, _reason(seen)) != (agent.state, agent.cause, agent.until, agent.reason)


def _reason(seen: Observation) -> str:
    if seen.reason or seen.cause is Cause.NONE:
        return seen.reason
    until = f" until {seen.until:%H:%M} UTC" if seen.until else ""
    return f"{seen.cause.value}{until}"


def _receipts(tx: sqlite3.Connection, text: str, state: NudgeState, now: datetime) -> None:
    for number in TOKEN.findall(text):
        nudge = NUDGES.find(tx, int(number))
        if nudge is not None:
            nudges.settle(tx, nudge, state, now)


def _to_the_ms(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _short(text: str) -> str:
    return " ".join(text.split())[:60]
