"""What the office says to agents of its own accord: limits that come near, rate limits that end, the next step of one that
idles, the digest of a chief. And who works in the place of those that are away."""

from datetime import datetime, timedelta

from org.lab.guiding import digests, idling, prompting, troubles
from org.lab.spend import credentials, parking, standin
from org.lab.spend.parking import Action, Overrun
from org.model.agent import State
from org.model.errors import OrgError
from org.store import agents
from org.store.tables import AGENTS
from org.supervisor.office import Office
from org.terminal import delivery

EVERY = timedelta(seconds=2)
ROLES_EVERY = timedelta(seconds=15)  # nine pages are some CPU, and an assignment comes with a letter of its own


def step(office: Office, now: datetime) -> None:
    """Everything here can wait a moment, and is safe to repeat."""
    if office.guided is not None and now - office.guided < EVERY:
        return
    office.guided = now
    lab = office.lab
    credentials.step(lab, now)
    parking.step(lab, now)
    for overrun in parking.overruns(lab, now):
        _stop(office, overrun, now)
    for name in troubles.step(lab, now):
        office.say(f"{name} waits: {AGENTS.get(lab.ledger.reader, name).reason}")
    for name in idling.step(lab, now):
        office.say(f"{name} was told of work that waits")
    for subject in digests.step(lab, now):
        office.say(f"letter to the chief: {subject}")
    for id in standin.step(lab, now):
        office.say(f"{id} proposed in the place of an agent that is away")
    if office.gave_roles is None or now - office.gave_roles >= ROLES_EVERY:
        office.gave_roles = now
        _give_roles(office)


def _give_roles(office: Office) -> None:
    """Keep the page that each agent is given as its role, program and directions are now."""
    for agent in agents.everyone(office.lab.ledger.reader):
        if agent.name in office.desks and agent.state is not State.STOPPED:
            prompting.write(office.lab, agent.name)


def _stop(office: Office, overrun: Overrun, now: datetime) -> None:
    """An agent that goes on although its allowance is spent: Escape first, then its program is ended. Runs go on."""
    if office.grid is None:
        return
    try:
        if overrun.action is Action.INTERRUPT:
            delivery.press_key(office.grid, overrun.agent, "Escape")
        else:
            office.grid.hang_up(overrun.agent)
    except OrgError as error:
        office.say(f"{overrun.agent} goes on though parked: {error}")
        return
    office.say(f"{overrun.agent}: {overrun.action.value}: {overrun.reason}")
    parking.acted(office.lab, overrun, now)
