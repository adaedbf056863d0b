"""When a limit comes near its readers are told, once; when it is reached its agents write a hand-off and are parked.

An agent is parked by state `paused` with the limit as its reason; nothing of it goes on, and no training that runs is
ended. It is let go again, with a letter, as soon as no limit keeps it any more (a raised limit, another program).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from org.lab.lab import Lab
from org.lab.spend import limits, spending
from org.lab.spend.limits import Limit, Standing, Unit
from org.model.agent import Agent, Control, State
from org.model.message import HUMAN, OFFICE, Kind, Message
from org.store import agents, atomic, events, mail
from org.store.tables import EVENTS, MESSAGES, USAGE

GRACE = timedelta(minutes=5)  # for the hand-off, from the last letter on
SETTLED = timedelta(seconds=10)  # a sign of life so long after the parking is no echo of what came before
PATIENCE = timedelta(minutes=1)  # after an interrupt; then its program is ended
PARKED = "parked: "  # how the reason of a parked agent begins
ALLOWANCE = "allowance.json"  # in an agent's home: what our own agent asks before each call of its model


class Action(StrEnum):
    INTERRUPT = "interrupt"  # press Escape in its pane
    STOP = "stop"  # end its program; it is started again once it is let go


@dataclass(frozen=True, slots=True)
class Overrun:
    """An agent that goes on although it is parked, and what the office should do about it."""

    agent: str
    action: Action
    reason: str


def step(lab: Lab, now: datetime) -> None:
    """Warn, ask for hand-offs, park, let go."""
    con = lab.ledger.reader
    _price(lab, now)
    for limit in limits.every(lab, con):
        standing = limits.standing(lab, con, limit)
        if standing.is_near or standing.is_full:
            _tell(lab, standing, now)
    for agent in agents.everyone(lab.ledger.reader):
        if agent.state is not State.STOPPED and agent.backend != "human":
            _look(lab, agent, now)


def is_parked(agent: Agent) -> bool:
    """Whether a limit keeps the agent paused (and not a person or its deaths)."""
    return agent.state is State.PAUSED and agent.reason.startswith(PARKED)


def overruns(lab: Lab, now: datetime) -> list[Overrun]:
    """Parked agents that still give signs of life, as a turn that was at work: first to be interrupted, then ended."""
    found = []
    for agent in agents.everyone(lab.ledger.reader):
        if not is_parked(agent) or agent.control is not Control.AGENT:
            continue
        alive = _last_sign(lab, agent)
        done = _interrupted_at(lab, agent)
        if done is None and alive is not None and alive > agent.state_since + SETTLED:
            found.append(Overrun(agent.name, Action.INTERRUPT, agent.reason))
        elif done is not None and alive is not None and alive > done + PATIENCE:
            found.append(Overrun(agent.name, Action.STOP, agent.reason))
    return found


def acted(lab: Lab, overrun: Overrun, now: datetime) -> None:
    """The office did what the overrun asked for."""
    with lab.ledger.transaction() as tx:
        events.append(tx, f"limit.{overrun.action.value}", overrun.agent, at=now, reason=overrun.reason)


def _price(lab: Lab, now: datetime) -> None:
    """Calls get the price that the config now has; where a dollar limit cannot count a model, that is told once."""
    unpriced = spending.unpriced_models(lab.ledger.reader)
    if any(spending.price(lab.config.prices, model) for model in unpriced):
        with lab.ledger.transaction() as tx:
            spending.reprice(lab, tx)
        unpriced = spending.unpriced_models(lab.ledger.reader)
    wanted = [x for x in limits.every(lab, lab.ledger.reader) if x.unit is Unit.DOLLARS] if unpriced else []
    if wanted:
        where = ", ".join(limit.where for limit in wanted)
        for model in unpriced:
            body = (
                f"config.yaml has no price for {model}: its cost is unknown, and {where} cannot count it. Its tokens are "
                f"counted. Add `prices: {{{model}: {{input: …, output: …}}}}`, dollars per million tokens, then `org start`."
            )
            _post(lab, (lab.chief, HUMAN), f"cost unknown: {model}", body, f"unpriced-{_digest(model)}", now)


def _tell(lab: Lab, standing: Standing, now: datetime) -> None:
    """One letter a reader at 80 %, one at the end."""
    limit = standing.limit
    what, then = ("reached", _REACHED) if standing.is_full else ("near", _NEAR)
    owner = limit.name if limit.scope == "agent" and not standing.is_full else None  # at the end it gets its last letter
    body = f"{standing.words}. {then.format(way=_way_out(limit))}"
    _post(lab, (owner, lab.chief, HUMAN), f"{limit.where} is {what}", body, f"limit-{limit.key}-{what}", now)


def _way_out(limit: Limit) -> str:
    if limit.scope == "program":
        return f"close {limit.name} (`org program close {limit.name}`) or give its agents another program"
    return f"raise {limit.where} in config.yaml, then `org start`"


def _post(lab: Lab, readers: tuple[str | None, ...], subject: str, body: str, id: str, now: datetime) -> None:
    """The same letter to each of them, once."""
    wanted = [r for r in dict.fromkeys(readers) if r is not None and MESSAGES.find(lab.ledger.reader, f"{id}-{r}") is None]
    if wanted:
        with lab.ledger.transaction() as tx:
            for reader in wanted:
                mail.post(tx, OFFICE, reader, Kind.NOTE, subject, body, now, id=f"{id}-{reader}")


_NEAR = "At the end nothing starts and nobody is woken that would pass it. To have more: {way}."
_REACHED = (
    "Nothing that would pass it starts any more; its agents are asked for a hand-off and then parked. What runs, runs to "
    "its end. To go on: {way}."
)


def _look(lab: Lab, agent: Agent, now: datetime) -> None:
    full = limits.full_for(lab, agent)
    if full is None:
        _allow_calls(lab, agent)
        if is_parked(agent):
            _let_go(lab, agent, now)
        return
    if agent.state is State.PAUSED:
        return
    if not limits.has_a_call_left(lab, agent, full):
        _forbid_calls(lab, agent, full)
    letter = MESSAGES.find(lab.ledger.reader, limits.last_letter(agent, full))
    if letter is None:
        _ask_for_hand_off(lab, agent, full, now)
    elif agent.control is Control.AGENT and _is_due(agent, letter, now):
        _park(lab, agent, full, now)


def _ask_for_hand_off(lab: Lab, agent: Agent, full: Standing, now: datetime) -> None:
    to = lab.chief if lab.chief not in (None, agent.name) else HUMAN
    body = _LAST.format(words=full.words, minutes=GRACE.total_seconds() / 60, to=to, name=agent.name)
    with lab.ledger.transaction() as tx:
        id = limits.last_letter(agent, full)
        mail.post(tx, OFFICE, agent.name, Kind.NOTE, f"Hand off now: {full.limit.where} is reached", body, now, id=id)
        events.append(tx, "limit.reached", agent.name, at=now, limit=full.limit.where, spent=full.spent, most=full.limit.most)


_LAST = (
    "{words}. This is your last letter for now, and it lifts every older order. Commit what you have without proposing it. "
    'Then write your hand-off with `org send {to} "Hand-off of {name}" "…"`: what you were at, what you learned, what comes '
    "next. Then stop. In {minutes:g} minutes you are paused."
)


def _is_due(agent: Agent, letter: Message, now: datetime) -> bool:
    """The grace is over, or the agent has read the letter and is through with it."""
    if now - (letter.delivered_at or letter.sent_at) >= GRACE:
        return True
    return letter.read_at is not None and agent.state is State.IDLE and agent.state_since > letter.read_at


def _park(lab: Lab, agent: Agent, full: Standing, now: datetime) -> None:
    reason = f"{PARKED}{full.words}; to go on: {_way_out(full.limit)}"
    _forbid_calls(lab, agent, full)
    with lab.ledger.transaction() as tx:
        agents.set_state(tx, agent.name, State.PAUSED, now, reason)


def _forbid_calls(lab: Lab, agent: Agent, full: Standing) -> None:
    """Our own agent looks at this file before each call of its model, so its limit is never passed by more than one."""
    note = lab.layout.home(agent.name) / ALLOWANCE
    if agent.backend == "api" and not note.exists():
        atomic.write_json(note, {"stop": full.words})


def _allow_calls(lab: Lab, agent: Agent) -> None:
    if agent.backend == "api":
        (lab.layout.home(agent.name) / ALLOWANCE).unlink(missing_ok=True)


def _let_go(lab: Lab, agent: Agent, now: datetime) -> None:
    with lab.ledger.transaction() as tx:
        agents.set_state(tx, agent.name, State.IDLE, now)
        mail.post(tx, OFFICE, agent.name, Kind.NOTE, "You are no longer parked: go on", _GO_ON, now)


_GO_ON = (
    "The limit that parked you no longer does. What older letters asked for and your program no longer needs is lifted: read "
    "your mail, look at your worktree, then go on with your program."
)


def _last_sign(lab: Lab, agent: Agent) -> datetime | None:
    calls = USAGE.select(lab.ledger.reader, "WHERE agent = ? ORDER BY at DESC LIMIT 1", agent.name)
    return max((at for at in (agent.heard_at, calls[0].at if calls else None) if at is not None), default=None)


def _interrupted_at(lab: Lab, agent: Agent) -> datetime | None:
    """When the office interrupted it since it was parked."""
    kind = f"limit.{Action.INTERRUPT.value}"
    found = EVENTS.select(lab.ledger.reader, "WHERE subject = ? AND kind = ? ORDER BY id DESC LIMIT 1", agent.name, kind)
    return found[0].at if found and found[0].at >= agent.state_since else None


def _digest(text: str) -> str:
    """What may stand in the id of a letter, which is a file's name."""
    return sha256(text.encode()).hexdigest()[:12]
