"""Rate limits belong to a credential, not to an agent: a refusal of one holds the wakes of all that share its key or login.

After the limit's end they are woken one by one, a minute or two later, so that they do not all ask at once. An agent
that is refused again and again is woken at most WAKES times; anything that a person does with it starts afresh.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from org.config import AgentConfig, agent_names
from org.lab.lab import Lab
from org.model.agent import Agent, Cause, State
from org.model.message import HUMAN, OFFICE, Kind
from org.store import agents, events, mail, rows
from org.store.tables import EVENTS, MESSAGES, REQUESTS, USAGE

AFTER = timedelta(minutes=1)  # the first wake after a limit's end …
SPREAD = timedelta(minutes=1)  # … and over what time the others follow
UNTOLD = timedelta(minutes=5)  # how long a limit lasts whose end the provider does not tell; twice that the next time …
LONGEST = timedelta(minutes=80)  # … and at most this
WAKES = 5  # in a row that end in another refusal; then a person is told
ALONE = frozenset({"offline", "replay", "human"})  # backends that use nobody's key
LIMITED = "credential.limited"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hold:
    """A refusal: whose, when, and until when its credential rests. number counts refusals in a row."""

    id: int
    credential: str
    agent: str
    at: datetime
    until: datetime
    number: int


def credential(entry: AgentConfig) -> str | None:
    """What an agent of this entry pays with, by the name of its key or login; None: nothing."""
    if entry.backend in ALONE:
        return None
    at = f" at {entry.base_url}" if entry.base_url else ""
    if entry.key_env:
        return entry.key_env + at
    return f"the {entry.provider or entry.backend} login{at}"


def holds(lab: Lab, agent: Agent, now: datetime) -> str | None:
    """Why the agent may not be woken now because of a rate limit; None when it may."""
    hold = _newest(lab, agent.name)
    if hold is None or now >= release(lab, agent.name, hold) or touched(lab.ledger.reader, agent.name) > hold.at:
        return None
    whose = "it" if hold.agent == agent.name else hold.agent
    return f"{hold.credential} is rate-limited until {hold.until:%H:%M} UTC ({whose} was refused)"


def is_over(lab: Lab, agent: Agent, now: datetime) -> bool:
    """Whether the agent waits for a rate limit that is over: it may be woken like an idle one."""
    return _is_refused(agent) and holds(lab, agent, now) is None


def release(lab: Lab, agent: str, hold: Hold) -> datetime:
    """When this agent may be woken again after a hold: its own moment, the same however often this is asked."""
    group = _group(lab, agent)
    digest = hashlib.sha256(f"{agent}:{hold.id}".encode()).digest()
    place = (group.index(agent) + digest[0] / 256) / len(group)
    return hold.until + AFTER + SPREAD * place


def step(lab: Lab, now: datetime) -> None:
    """Note new refusals; wake agents whose limit is over."""
    for agent in agents.everyone(lab.ledger.reader):
        if _is_refused(agent) and _group(lab, agent.name):
            hold = _newest(lab, agent.name)
            if _is_new(lab, agent, hold):
                _note(lab, agent, hold, now)
            elif hold is not None and now >= release(lab, agent.name, hold):
                _wake(lab, agent, hold, now)


def _is_refused(agent: Agent) -> bool:
    return agent.cause is Cause.RATE_LIMIT and agent.state in (State.WAITING, State.IDLE)


def _is_new(lab: Lab, agent: Agent, hold: Hold | None) -> bool:
    """Whether the agent's refusal is another one than the last that was noted of its credential."""
    if hold is None or agent.state_since >= release(lab, agent.name, hold):
        return True
    return agent.until is not None and agent.until > hold.until + timedelta(seconds=1)


def _note(lab: Lab, agent: Agent, before: Hold | None, now: datetime) -> None:
    number = 1
    if before is not None and agent.state_since > before.until and not _worked_since(lab, agent.name, before.at):
        number = before.number + 1
    guess = agent.state_since + min(UNTOLD * 2 ** (number - 1), LONGEST)
    until = agent.until if agent.until is not None and agent.until > agent.state_since else guess
    name = credential(_entry(lab, agent.name))
    with lab.ledger.transaction() as tx:
        events.append(tx, LIMITED, f"credential {name}", agent.name, agent.state_since, until=rows.encode(until), number=number)


def _wake(lab: Lab, agent: Agent, hold: Hold, now: datetime) -> None:
    """One letter a hold, which the office announces; after too many for nothing a person is told instead."""
    con = lab.ledger.reader
    id = f"rate-{hold.id}-{agent.name}"
    if MESSAGES.find(con, id) is not None:
        return
    since = max(touched(con, agent.name), _last_call(con, agent.name))
    tail = 'WHERE "to" = ? AND id LIKE ? AND sent_at > ? ORDER BY sent_at'
    letters = MESSAGES.select(con, tail, agent.name, f"rate-%-{agent.name}", rows.encode(since))
    with lab.ledger.transaction() as tx:
        if len(letters) < WAKES:
            mail.post(tx, OFFICE, agent.name, Kind.NOTE, "The rate limit is over: go on", _GO_ON, now, id=id)
            return
        body = (
            f"{agent.name} was woken {WAKES} times after rate limits of {hold.credential} and was refused each time. It is "
            f"not woken again by itself; `org resume {agent.name}` or any word to it starts afresh."
        )
        mail.post(
            tx, OFFICE, HUMAN, Kind.NOTE, f"{agent.name} is refused again and again", body, now, id=f"given-up-{letters[-1].id}"
        )


_GO_ON = (
    "Your last turn ended in a rate limit, which is over. Go on where you were: look at your worktree (`git status`) and at "
    "your mail first. What older letters asked for and your program no longer needs is lifted."
)


def _newest(lab: Lab, agent: str) -> Hold | None:
    """The last refusal of the agent's credential."""
    entry = _entry_or_none(lab, agent)
    name = credential(entry) if entry is not None else None
    if name is None:
        return None
    subject = f"credential {name}"
    found = EVENTS.select(lab.ledger.reader, "WHERE subject = ? AND kind = ? ORDER BY id DESC LIMIT 1", subject, LIMITED)
    return next((
        Hold(e.id, name, e.actor, e.at, datetime.fromisoformat(e.detail["until"]), int(e.detail["number"])) for e in found
    ), None)  # fmt: skip


def _group(lab: Lab, agent: str) -> list[str]:
    """Everybody who pays with the same credential, in the order of the config."""
    entry = _entry_or_none(lab, agent)
    name = credential(entry) if entry is not None else None
    return [other for other, e in agent_names(lab.config) if credential(e) == name] if name is not None else []


def _entry(lab: Lab, agent: str) -> AgentConfig:
    return dict(agent_names(lab.config))[agent]


def _entry_or_none(lab: Lab, agent: str) -> AgentConfig | None:
    return dict(agent_names(lab.config)).get(agent)


def _worked_since(lab: Lab, agent: str, at: datetime) -> bool:
    """Whether any call of the group went through since."""
    return any(_last_call(lab.ledger.reader, name) > at for name in _group(lab, agent))


def _last_call(con: sqlite3.Connection, agent: str) -> datetime:
    found = USAGE.select(con, "WHERE agent = ? ORDER BY at DESC LIMIT 1", agent)
    return found[0].at if found else NEVER


def touched(con: sqlite3.Connection, agent: str) -> datetime:
    """When a person last did something with the agent: took or gave back its pane, wrote to it, resumed it."""
    letters = MESSAGES.select(con, 'WHERE "to" = ? AND sender = ? ORDER BY sent_at DESC LIMIT 1', agent, HUMAN)
    controls = EVENTS.select(con, "WHERE subject = ? AND kind LIKE 'control.%' ORDER BY id DESC LIMIT 1", agent)
    resumed = REQUESTS.select(con, "WHERE verb = 'resume' AND json_extract(args, '$.target') = ? ORDER BY id DESC LIMIT 1", agent)
    times = [*(m.sent_at for m in letters), *(e.at for e in controls), *(r.answered_at for r in resumed)]
    return max((at for at in times if at is not None), default=NEVER)
