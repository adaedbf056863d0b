"""Panes that died are started again, boundedly; what agents report becomes their state; borders and disk are kept true."""

from datetime import datetime, timedelta

from org.agents import hooks
from org.lab import hygiene
from org.model.agent import Agent, State
from org.store import agents, events, meta
from org.store.tables import AGENTS
from org.supervisor import titles
from org.supervisor.office import Office
from org.terminal.panes import PaneInfo, PaneSpec

PANES_EVERY = timedelta(seconds=2)
DISK_EVERY = timedelta(seconds=15)
DEATHS_ALLOWED = 5  # in a row, each within QUIET of the one before; then the agent is paused with the reason
QUIET = timedelta(minutes=10)
BACKOFF_SECONDS = 2.0


def step(office: Office, now: datetime) -> None:
    with office.lab.ledger.transaction() as tx:
        meta.put(tx, "supervisor_seen_at", now.isoformat())
    _hear(office, now)
    if office.looked_at_disk is None or now - office.looked_at_disk >= DISK_EVERY:
        office.looked_at_disk = now
        hygiene.step(office.lab, now)
    if office.grid is None:
        return
    if office.looked_at_panes is None or now - office.looked_at_panes >= PANES_EVERY:
        office.looked_at_panes = now
        _revive(office, office.grid.panes(), now)
    _retitle(office)


def _hear(office: Office, now: datetime) -> None:
    """Take over the states that agents reported of themselves. A pause holds whatever they say."""
    for agent in agents.everyone(office.lab.ledger.reader):
        path = office.lab.layout.hooks(agent.name)
        offset = office.hook_offsets.get(agent.name, 0)
        reports, office.hook_offsets[agent.name] = hooks.read(path, offset)
        if not reports or (reports[-1].at < agent.state_since and offset == 0):
            continue
        with office.lab.ledger.transaction() as tx:
            if reports[-1].words:
                AGENTS.update(tx, agent.name, last_words=reports[-1].words)
            if agent.state not in (State.PAUSED, State.STOPPED):
                agents.set_state(tx, agent.name, reports[-1].state, now)


def _revive(office: Office, panes: list[PaneInfo], now: datetime) -> None:
    specs = {spec.agent: spec for spec in office.specs}
    for pane in panes:
        spec = specs.get(pane.agent)
        if not pane.dead or spec is None:
            continue
        agent = AGENTS.find(office.lab.ledger.reader, pane.agent)
        if agent is None:  # the dashboard
            _respawn(office, spec)
        elif agent.state not in (State.PAUSED, State.STOPPED):
            _revive_agent(office, agent, spec, pane.exit_status, now)


def _revive_agent(office: Office, agent: Agent, spec: PaneSpec, status: int | None, now: datetime) -> None:
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
        _respawn(office, spec)
        with office.lab.ledger.transaction() as tx:
            agents.set_state(tx, agent.name, State.STARTING, now)
            events.append(tx, "agent.respawned", agent.name, at=now, deaths=agent.deaths)


def _respawn(office: Office, spec: PaneSpec) -> None:
    assert office.grid is not None
    office.grid.respawn(spec.agent, spec)
    office.say(f"{spec.agent}: pane started again")


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
