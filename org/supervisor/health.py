"""Panes that died are started again, boundedly; agents that went silent are told; borders and disk are kept true."""

from datetime import datetime, timedelta

from org.lab import hygiene
from org.model.agent import Agent, State
from org.store import agents, events, meta
from org.store.tables import AGENTS
from org.supervisor import leases, silence, titles
from org.supervisor.office import Office
from org.terminal.panes import PaneInfo

PANES_EVERY = timedelta(seconds=2)
DISK_EVERY = timedelta(seconds=15)
DEATHS_ALLOWED = 5  # in a row, each within QUIET of the one before; then the agent is paused with the reason
QUIET = timedelta(minutes=10)
BACKOFF_SECONDS = 2.0


def step(office: Office, now: datetime) -> None:
    with office.lab.ledger.transaction() as tx:
        meta.put(tx, "supervisor_seen_at", now.isoformat())
    if office.looked_at_disk is None or now - office.looked_at_disk >= DISK_EVERY:
        office.looked_at_disk = now
        hygiene.step(office.lab, now)
    if office.grid is None:
        return
    if office.looked_at_panes is None or now - office.looked_at_panes >= PANES_EVERY:
        office.looked_at_panes = now
        panes = office.grid.panes()
        _revive(office, panes, now)
        silence.step(office, panes, now)
        leases.step(office, panes, now)
    _retitle(office)


def _revive(office: Office, panes: list[PaneInfo], now: datetime) -> None:
    for pane in panes:
        if not pane.dead:
            continue
        agent = AGENTS.find(office.lab.ledger.reader, pane.agent)
        if agent is None:  # the dashboard
            _respawn(office, pane.agent)
        elif agent.state not in (State.PAUSED, State.STOPPED):
            _revive_agent(office, agent, pane.exit_status, now)


def _revive_agent(office: Office, agent: Agent, status: int | None, now: datetime) -> None:
    """Count the death; start again after a growing pause; after too many in a row leave it paused and say why."""
    if agent.state is not State.CRASHED:
        deaths = agent.deaths + 1 if agent.died_at is not None and now - agent.died_at < QUIET else 1
        with office.lab.ledger.transaction() as tx:
            AGENTS.update(tx, agent.name, deaths=deaths, died_at=now)
            ended = f"its process ended with {'an unknown status' if status is None else status}"
            if deaths >= DEATHS_ALLOWED:
                reason = f"{ended} {deaths} times in a row; `org resume {agent.name}` starts it again"
                agents.set_state(tx, agent.name, State.PAUSED, now, reason)
            else:
                agents.set_state(tx, agent.name, State.CRASHED, now, ended)
        return
    assert agent.died_at is not None
    if now - agent.died_at >= timedelta(seconds=BACKOFF_SECONDS * 2 ** (agent.deaths - 1)):
        if not _respawn(office, agent.name):
            return
        with office.lab.ledger.transaction() as tx:
            agents.set_state(tx, agent.name, State.STARTING, now)
            events.append(tx, "agent.respawned", agent.name, at=now, deaths=agent.deaths)


def _respawn(office: Office, name: str) -> bool:
    """Start what the pane should run now; False when the config has no such pane any more."""
    assert office.grid is not None
    spec = office.spec(name)
    if spec is not None:
        office.grid.respawn(name, spec)
        office.say(f"{name}: pane started again")
    return spec is not None


def _retitle(office: Office) -> None:
    """Send tmux only the titles that changed."""
    assert office.grid is not None
    wanted = titles.all_titles(office.lab)
    changed = {name: text for name, text in wanted.items() if office.titles.get(name) != text}
    note = titles.note(office.lab)
    if changed or note != office.note:
        office.grid.set_titles(changed, note if note != office.note else None)
        office.titles.update(changed)
        office.note = note
