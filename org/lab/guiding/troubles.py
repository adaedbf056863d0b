"""A turn that ended in an error of the provider leaves its agent waiting: after a pause it is told to go on, in growing
pauses and not for ever. (Rate limits have credentials.py; a login needs a person.)"""

from datetime import datetime, timedelta

from org.lab.lab import Lab
from org.model.agent import OF_A_PERSON, Agent, Cause, Control, State
from org.model.message import HUMAN, OFFICE, Kind
from org.store import agents, mail, rows
from org.store.tables import MESSAGES

PAUSE = timedelta(minutes=2)  # doubles with each letter in a row
LETTERS = 6
CALM = timedelta(hours=3)  # letters older than this are no row
_GO_ON = (
    "Your last turn ended in an error of the model's provider. Go on where you were: look at your worktree (`git status`) "
    "and at your mail first."
)


def is_waited_out(agent: Agent, now: datetime) -> bool:
    """Whether an agent that an error stopped may be told something again."""
    return _failed(agent) and now - agent.state_since >= PAUSE


def step(lab: Lab, now: datetime) -> list[str]:
    """Write what is due. Returns the agents that were told, or that a person was told of."""
    told = []
    for agent in agents.everyone(lab.ledger.reader):
        if agent.control is Control.AGENT and (_go_on(lab, agent, now) or _tell_person(lab, agent, now)):
            told.append(agent.name)
    return told


def _failed(agent: Agent) -> bool:
    return agent.state is State.WAITING and agent.cause is Cause.API_ERROR


def _go_on(lab: Lab, agent: Agent, now: datetime) -> bool:
    if not _failed(agent):
        return False
    tail = 'WHERE "to" = ? AND id LIKE ? AND sent_at > ?'
    count = MESSAGES.count(lab.ledger.reader, tail, agent.name, f"error-%-{agent.name}", rows.encode(now - CALM))
    id = f"error-{agent.state_since:%Y%m%dT%H%M%S}-{agent.name}"
    if count >= LETTERS or now - agent.state_since < PAUSE * 2**count or MESSAGES.find(lab.ledger.reader, id) is not None:
        return False
    with lab.ledger.transaction() as tx:
        mail.post(tx, OFFICE, agent.name, Kind.NOTE, "The provider's error is over: go on", _GO_ON, now, id=id)
    return True


def _tell_person(lab: Lab, agent: Agent, now: datetime) -> bool:
    """An agent that waits for a person is a letter to the person, once each time."""
    stuck = agent.state is State.STALLED or (agent.state is State.WAITING and agent.cause in OF_A_PERSON)
    if not stuck or now - agent.state_since < PAUSE:
        return False
    id = f"stuck-{agent.name}-{agent.state_since:%Y%m%dT%H%M%S}"
    if MESSAGES.find(lab.ledger.reader, id) is not None:
        return False
    why = agent.reason or agent.cause.value or agent.state.value
    body = f"{agent.name} is {agent.state.value}: {why}.\n\nLook: `org watch {agent.name}`; act: `org takeover {agent.name}`."
    with lab.ledger.transaction() as tx:
        mail.post(tx, OFFICE, HUMAN, Kind.NOTE, f"{agent.name} waits for you: {why}", body, now, id=id)
    return True
