"""Agents that cannot work just now (a rate limit, a spent budget), and which devices wait for them."""

from datetime import datetime

from org.lab.lab import Lab
from org.lab.spend import credentials, limits, parking
from org.model.agent import Agent, Cause, State
from org.store import agents


def why(lab: Lab, agent: Agent, now: datetime) -> str | None:
    """Why the agent does no work of its own now; None when nothing of the kind keeps it."""
    if parking.is_parked(agent):
        return agent.reason
    if agent.state is State.PAUSED:  # by a person, or after its deaths: not ours to fill in for
        return None
    if agent.cause is Cause.RATE_LIMIT and agent.state is State.WAITING:
        return agent.reason or Cause.RATE_LIMIT.value
    held = credentials.holds(lab, agent, now)
    if held is not None and agent.state is not State.WORKING:
        return held
    full = limits.full_for(lab, agent)
    return None if full is None else full.words


def juniors(lab: Lab) -> list[Agent]:
    """Who proposes: everybody but chiefs and those that left."""
    everyone = agents.everyone(lab.ledger.reader)
    return [a for a in everyone if not a.role.startswith("chief") and a.state is not State.STOPPED]


def who(lab: Lab, now: datetime) -> list[Agent]:
    """The juniors that are away."""
    return [agent for agent in juniors(lab) if why(lab, agent, now) is not None]


def devices(lab: Lab, now: datetime) -> int:
    """How many devices wait for agents that are away: those that only they prefer, and all of them when all are away."""
    gone = {agent.name for agent in who(lab, now)}
    here = [agent for agent in juniors(lab) if agent.name not in gone]
    if not gone or not here:
        return len(lab.devices) if gone else 0
    kept = {agent.device for agent in here}
    return len({agent.device for agent in juniors(lab) if agent.name in gone and agent.device not in kept})


def quiet_seconds(lab: Lab, now: datetime) -> float:
    """For how long at least everybody who is away stays away, as far as it is known: a rate limit's end. 0: not known."""
    return min((_seconds_away(agent, now) for agent in who(lab, now)), default=0.0)


def _seconds_away(agent: Agent, now: datetime) -> float:
    known = agent.until if agent.cause is Cause.RATE_LIMIT else None
    return max((known - now).total_seconds(), 0.0) if known is not None else 0.0
