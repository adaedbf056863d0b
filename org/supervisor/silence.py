"""An agent that works without a sign of life: its hooks are silent and its processes use no CPU. It is shown as stalled;
nothing is ended, for a long training run is silent too."""

from datetime import datetime, timedelta

from org.model.agent import Agent, Control, State
from org.runs import processes
from org.store import agents
from org.store.tables import AGENTS
from org.supervisor.desk import Desk
from org.supervisor.office import Office
from org.terminal.panes import PaneInfo

SILENT = timedelta(minutes=10)
GROWTH_SECONDS = 1.0  # of CPU time, to count as life


def step(office: Office, panes: list[PaneInfo], now: datetime) -> None:
    """Mark and unmark stalled agents."""
    for pane in panes:
        desk = office.desks.get(pane.agent)
        agent = AGENTS.find(office.lab.ledger.reader, pane.agent) if desk is not None and not pane.dead else None
        if desk is not None and agent is not None and agent.control is Control.AGENT and agent.state is State.WORKING:
            _look(office, desk, agent, pane.pid, now)


def _look(office: Office, desk: Desk, agent: Agent, pid: int, now: datetime) -> None:
    used = processes.family_cpu_seconds(pid)  # a try of its own is a child of its pane
    if desk.busy_at is None or abs(used - desk.busy_seconds) > GROWTH_SECONDS:
        desk.busy_seconds, desk.busy_at = used, now
    last = max(filter(None, (agent.heard_at, agent.state_since, desk.busy_at)))
    if now - last > SILENT:
        with office.lab.ledger.transaction() as tx:
            reason = f"no sign of life for {SILENT.total_seconds() / 60:.0f} min: look into its pane (`org watch {agent.name}`)"
            agents.set_state(tx, agent.name, State.STALLED, now, reason)
