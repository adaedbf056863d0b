"""Tell agents that there is mail: one short line, by their own hook where they have one, else typed.

At most one nudge of an agent is on its way. It is recorded as sent before a key is pressed, confirmed by what the
agent's hooks or transcript show (hearing.py), and never sent twice: a doubt stays a doubt. The organization types only
into an empty input box of a program that it knows, while no person is there.
"""

import time
from datetime import datetime, timedelta

from org.agents.backend import Nudging
from org.agents.observation import Composer
from org.lab import control
from org.lab.guiding import troubles
from org.lab.spend import credentials, limits
from org.model.agent import Agent, Control, State
from org.model.message import HUMAN, Kind, Message
from org.model.nudge import Nudge, Way
from org.model.nudge import State as NudgeState
from org.store import nudges
from org.store.tables import AGENTS
from org.supervisor import wake
from org.supervisor.desk import Desk
from org.supervisor.office import Office
from org.terminal import attach, delivery

TYPING = timedelta(seconds=10)  # after the last key of a person at the pane nothing is typed
NO_HOOK = timedelta(seconds=4)  # an idle agent whose hook took no file in this time is typed to
ENTER_AGAIN = timedelta(seconds=3)
ENTERS = 3
DOUBT = timedelta(seconds=30)  # sent and not confirmed
AGAIN = timedelta(minutes=10)  # letters announced and still unread while it idles are announced once more
TIMES = 3
PATIENCE = timedelta(minutes=2)  # a busy agent is told of plain letters when its turn ends, or after this
SHOWN_SECONDS = 0.5
URGENT = (Kind.STEERING, Kind.HANDBACK, Kind.ANSWER)
AT_WORK = (State.IDLE, State.WORKING)


def step(office: Office, now: datetime) -> None:
    """One move for every agent that has to be told."""
    if office.grid is None:
        return
    for name, desk in office.desks.items():
        agent = AGENTS.find(office.lab.ledger.reader, name) if desk.nudged else None
        if agent is not None:
            _serve(office, desk, agent, now)


def _serve(office: Office, desk: Desk, agent: Agent, now: datetime) -> None:
    nudge = nudges.open_of(office.lab.ledger.reader, agent.name) or _announce(office, desk, agent, now)
    if nudge is None:
        return
    if nudge.state is NudgeState.WAITING:
        _send(office, desk, agent, nudge, now)
    else:
        _follow(office, desk, agent, nudge, now)


def _announce(office: Office, desk: Desk, agent: Agent, now: datetime) -> Nudge | None:
    """Make a nudge for letters that nobody told it of, or that it left unread for long."""
    if agent.control is not Control.AGENT or not _may_be_told(office, agent, now) or limits.parks(office.lab, agent, now):
        return None
    con = office.lab.ledger.reader
    letters = [m for m in nudges.unread(con, agent.name) if _due(office, agent, m, now)]
    if not letters or (agent.state is State.WORKING and not _may_interrupt(letters, now)):
        return None
    way = Way.WAKE if desk.backend.nudging is Nudging.WAKE else Way.TYPED
    with office.lab.ledger.transaction() as tx:
        return nudges.make(tx, agent.name, words(letters), tuple(m.id for m in letters), way, now)


def _may_be_told(office: Office, agent: Agent, now: datetime) -> bool:
    """At work, or stopped by a refusal of its provider that is over."""
    over = credentials.is_over(office.lab, agent, now) or troubles.is_waited_out(agent, now)
    return agent.state in AT_WORK or (agent.state is State.WAITING and over)


def _due(office: Office, agent: Agent, letter: Message, now: datetime) -> bool:
    con = office.lab.ledger.reader
    times = nudges.announced(con, agent.name, letter.id)
    if times == 0:
        return True
    last = nudges.last_of(con, agent.name)
    waited = last is None or now - (last.settled_at or last.created_at) > AGAIN
    return times < TIMES and agent.state is State.IDLE and now - agent.state_since > AGAIN and waited


def _may_interrupt(letters: list[Message], now: datetime) -> bool:
    return any(m.kind in URGENT or m.sender == HUMAN or now - m.sent_at > PATIENCE for m in letters)


def words(letters: list[Message]) -> str:
    """`2 new letters (office: E41 discarded: a wider MLP; chief: …). Read them: org inbox`"""
    heads = "; ".join(f"{m.sender}: {' '.join(m.subject.split())[:48]}" for m in letters[:2])
    more = "; …" if len(letters) > 2 else ""
    count = f"{len(letters)} new letter{'' if len(letters) == 1 else 's'}"
    return delivery.inert(f"{count} ({heads}{more}). Read {'it' if len(letters) == 1 else 'them'}: org inbox")


def _send(office: Office, desk: Desk, agent: Agent, nudge: Nudge, now: datetime) -> None:
    if nudge.way is Way.WAKE:
        _wake(office, desk, agent, nudge, now)
        return
    why = _obstacle(office, desk, agent, now)
    if why is not None:
        _say(office, nudge, why)
        return
    assert office.grid is not None
    with office.lab.ledger.transaction() as tx:
        nudges.sent(tx, nudge, now)
    pasted = delivery.paste_line(office.grid, agent.name, nudge.text, submit=False)
    if not pasted.delivered:
        with office.lab.ledger.transaction() as tx:
            nudges.settle(tx, nudge, NudgeState.REFUSED, now, pasted.reason)
    elif _shown(office, agent.name, nudge):
        _enter(office, desk, agent, nudge)


def _wake(office: Office, desk: Desk, agent: Agent, nudge: Nudge, now: datetime) -> None:
    """Leave the line for the agent's hook; type it when the agent idles and no hook takes it."""
    folder = desk.seat.wake
    if wake.claimed(folder, nudge.id):
        with office.lab.ledger.transaction() as tx:
            nudges.sent(tx, nudge, now)
        return
    held = agent.control is not Control.AGENT
    stale = agent.state is not State.WORKING and now - max(nudge.created_at, agent.state_since) > NO_HOOK
    if not held and not stale:
        wake.leave(folder, nudge.id, nudge.text)
    elif wake.take_back(folder, nudge.id) and not held:
        with office.lab.ledger.transaction() as tx:
            nudges.wait(tx, nudge, "no hook took it", Way.TYPED)


def _obstacle(office: Office, desk: Desk, agent: Agent, now: datetime) -> str | None:
    """Why nothing may be typed now; None when it may."""
    assert office.grid is not None
    if held := limits.parks(office.lab, agent, now):
        return held
    if agent.control is not Control.AGENT:
        return f"{agent.controlled_by} has the pane"
    if not _may_be_told(office, agent, now):
        return f"{agent.state.value}{f': {agent.reason}' if agent.reason else ''}"
    pane = next((p for p in office.grid.panes() if p.agent == agent.name), None)
    if pane is None or pane.dead:
        return "its program has ended"
    if pane.in_mode:
        return "somebody has scrolled back in its pane"
    here = [c for c in attach.clients(office.grid) if not c.readonly and c.pane_id == pane.pane_id and now - c.activity < TYPING]
    box = desk.backend.composer(office.grid.screen(agent.name))
    match box:
        case Composer.EMPTY:
            return "somebody is at the pane" if here else None
        case Composer.DRAFT if here:
            office.say(control.take(office.lab, agent.name, HUMAN, now, "a draft in the pane"))
            return "somebody writes in its pane"
        case Composer.DRAFT if key := desk.backend.stash():
            delivery.press_key(office.grid, agent.name, key)
            return "a draft was put aside; it comes back by itself"
        case Composer.DRAFT:
            return "a draft stands in its input box"
        case Composer.DIALOG if credentials.is_over(office.lab, agent, now) and (
            key := desk.backend.close(office.grid.screen(agent.name))
        ):
            delivery.press_key(office.grid, agent.name, key)
            return "the menu of a limit that is over was closed"
        case Composer.DIALOG:
            return "a dialog is open"
        case _:
            return "nothing known is on its screen"


def _shown(office: Office, name: str, nudge: Nudge) -> bool:
    """Wait, briefly, until the pasted line stands on the screen."""
    assert office.grid is not None
    deadline = time.monotonic() + SHOWN_SECONDS
    while nudge.token not in office.grid.screen(name):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def _enter(office: Office, desk: Desk, agent: Agent, nudge: Nudge) -> None:
    """Press Enter, unless a dialog came between: there it would mean yes."""
    assert office.grid is not None
    if desk.backend.composer(office.grid.screen(agent.name)) is not Composer.DRAFT:
        return
    delivery.press_enter(office.grid, agent.name)
    with office.lab.ledger.transaction() as tx:
        nudges.pressed(tx, nudge)


def _follow(office: Office, desk: Desk, agent: Agent, nudge: Nudge, now: datetime) -> None:
    """Press Enter again while the line still stands in the box; in the end, doubt."""
    assert nudge.sent_at is not None and office.grid is not None
    waited = now - nudge.sent_at
    if agent.state in (State.CRASHED, State.STOPPED):
        _doubt(office, nudge, now, "its program ended before a sign of it")
    elif nudge.state is NudgeState.QUEUED:
        return
    elif (
        nudge.way is Way.TYPED
        and nudge.attempts < ENTERS
        and waited > ENTER_AGAIN * nudge.attempts
        and agent.control is Control.AGENT
        and nudge.token in office.grid.screen(agent.name)
    ):
        _enter(office, desk, agent, nudge)
    if waited > DOUBT and nudge.state is NudgeState.SENT:
        _doubt(office, nudge, now, f"no sign of it in {DOUBT.total_seconds():g} s")


def _doubt(office: Office, nudge: Nudge, now: datetime, reason: str) -> None:
    with office.lab.ledger.transaction() as tx:
        nudges.settle(tx, nudge, NudgeState.UNCONFIRMED, now, reason)


def _say(office: Office, nudge: Nudge, reason: str) -> None:
    if nudge.reason != reason:
        with office.lab.ledger.transaction() as tx:
            nudges.wait(tx, nudge, reason)
