"""A pane that a person took and left is handed back: nobody at it for the configured time, nothing in its input box."""

from datetime import datetime, timedelta

from org.agents.observation import Composer
from org.lab import control
from org.model.agent import Agent, Control, State
from org.model.message import OFFICE
from org.store import agents
from org.supervisor.office import Office
from org.terminal import attach
from org.terminal.panes import PaneInfo


def step(office: Office, panes: list[PaneInfo], now: datetime) -> None:
    """Hand back what was left for long enough."""
    minutes = office.lab.config.takeover.hand_back_after_min
    if minutes is None or office.grid is None:
        return
    there = {pane.agent: pane for pane in panes if not pane.dead}
    for agent in agents.everyone(office.lab.ledger.reader):
        pane = there.get(agent.name)
        if agent.control is Control.HUMAN and pane is not None and _is_left(office, agent, pane, timedelta(minutes=minutes), now):
            note = f"nobody was at the pane for {minutes:g} min"
            office.say(f"{agent.name} is handed back: {note}. {control.hand_back(office.lab, agent.name, OFFICE, now, note)}")


def _is_left(office: Office, agent: Agent, pane: PaneInfo, patience: timedelta, now: datetime) -> bool:
    """Since the takeover, the last prompt and the last key of a terminal at this pane; a turn that runs counts as use."""
    assert office.grid is not None
    desk = office.desks.get(agent.name)
    last = max(filter(None, (agent.control_since, agent.prompted_at)))
    if desk is None or now - last < patience or agent.state is not State.IDLE or pane.in_mode:
        return False
    here = [c for c in attach.clients(office.grid) if not c.readonly and c.pane_id == pane.pane_id]
    if any(now - c.activity < patience for c in here):
        return False
    return desk.backend.composer(office.grid.screen(agent.name)) is Composer.EMPTY
