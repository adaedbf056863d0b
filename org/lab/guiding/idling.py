"""Idle with work: an agent that has allowance, room and nothing unread is told a next step, in growing pauses and not for
ever. When it does nothing all the same, its chief is told. Never while a person has it."""

import sqlite3
from datetime import datetime, timedelta

from org.lab import schedule
from org.lab.guiding import grinding, next_step
from org.lab.lab import Lab
from org.lab.spend import credentials, limits
from org.model.agent import Agent, Cause, Control, State
from org.model.experiment import Experiment
from org.model.message import HUMAN, OFFICE, Kind, Message
from org.model.program import State as ProgramState
from org.store import agents, experiments, mail, programs, rows
from org.store.tables import AGENTS, EVENTS, EXPERIMENTS, IDEAS, MESSAGES, PROGRAMS
from org.workspace import worktrees

AFTER = timedelta(minutes=3)  # of idling; the next letters 6, 12, 24, 48 minutes after the one before
INTERRUPTED = timedelta(minutes=15)  # somebody stopped its turn: perhaps with a reason
LETTERS = 5  # in a row without a proposal
SHOWN = 3  # verdicts and ideas in a letter


def step(lab: Lab, now: datetime) -> list[str]:
    """Tell whom it concerns. Returns the agents that got a letter."""
    told = grinding.step(lab, now)
    if schedule.held(lab) is not None:
        return told
    for agent in agents.everyone(lab.ledger.reader):
        if _is_free(lab, agent, now):
            words = _work_of_chief(lab, now) if agent.role.startswith("chief") else _work_of_junior(lab, agent)
            if words and _tell(lab, agent, words, now):
                told.append(agent.name)
    return told


def _is_free(lab: Lab, agent: Agent, now: datetime) -> bool:
    """Whether it idles, by itself, long enough, with allowance left and nothing to read."""
    if agent.backend in limits.SELF_DRIVEN or agent.control is not Control.AGENT or agent.state is not State.IDLE:
        return False
    if agent.cause is Cause.RATE_LIMIT:  # credentials.py wakes it
        return False
    if now - agent.state_since < (INTERRUPTED if agent.cause is Cause.INTERRUPTED else AFTER):
        return False
    return limits.parks(lab, agent, now) is None and not mail.of_reader(lab.ledger.reader, agent.name, unread_only=True)


def _tell(lab: Lab, agent: Agent, words: str, now: datetime) -> bool:
    """One letter when its pause is over; after the last one, word to the chief."""
    con = lab.ledger.reader
    since = _moved_at(con, agent)
    tail = 'WHERE "to" = ? AND id LIKE ? AND sent_at > ? ORDER BY sent_at'
    sent = MESSAGES.select(con, tail, agent.name, f"idle-%-{agent.name}", rows.encode(since))
    if sent and now - sent[-1].sent_at < AFTER * 2 ** len(sent):
        return False
    if len(sent) >= LETTERS:
        _give_up(lab, agent, sent, now)
        return False
    id = f"idle-{since:%Y%m%dT%H%M%S}-{len(sent) + 1}-{agent.name}"
    with lab.ledger.transaction() as tx:
        mail.post(tx, OFFICE, agent.name, Kind.NOTE, "You are idle and there is work", words, now, id=id)
    return True


def _give_up(lab: Lab, agent: Agent, sent: list[Message], now: datetime) -> None:
    to = lab.chief if lab.chief not in (None, agent.name) else HUMAN
    assert to is not None
    id = f"does-nothing-{sent[-1].id}"
    if MESSAGES.find(lab.ledger.reader, id) is None:
        body = (
            f"{agent.name} was told {len(sent)} times in a row that there is work and proposed nothing. It is left alone now: "
            f"write to it (`org send {agent.name} …`), give it another program, or look into its pane (`org watch {agent.name}`)."
        )
        with lab.ledger.transaction() as tx:
            mail.post(tx, OFFICE, to, Kind.NOTE, f"{agent.name} does nothing", body, now, id=id)


def _moved_at(con: sqlite3.Connection, agent: Agent) -> datetime:
    """When it last did something for its work, or a person did something with it: the letters count from there on."""
    proposed = EXPERIMENTS.select(con, "WHERE author = ? ORDER BY created_at DESC LIMIT 1", agent.name)
    kinds = ("agent.assigned", "program.%")
    assigned = EVENTS.select(con, "WHERE subject = ? AND kind = ? ORDER BY id DESC LIMIT 1", agent.name, kinds[0])
    ordered = EVENTS.select(con, "WHERE actor = ? AND (kind = ? OR kind LIKE ?) ORDER BY id DESC LIMIT 1", agent.name, *kinds)
    times = [*(e.created_at for e in proposed), *(e.at for e in (*assigned, *ordered))]
    return max([credentials.touched(con, agent.name), *times])


def _work_of_junior(lab: Lab, agent: Agent) -> str:
    """What it could do next; "" when it has nothing to do, or no room."""
    con = lab.ledger.reader
    program = PROGRAMS.find(con, agent.program) if agent.program else None
    open_ones = experiments.open_of(con, agent.name)
    room = lab.config.protocol.open_per_agent - len(open_ones)
    if program is None or program.state is not ProgramState.OPEN or room <= 0:
        return ""
    parts = [f"You work on {program.slug} and have {len(open_ones)} of {lab.config.protocol.open_per_agent} experiments open."]
    path = lab.layout.worktree(agent.name)
    parts += [_verdicts(con, agent), _ideas(con, program.slug)]
    parts.append("Next: " + next_step.of_junior(lab, con, agent, program, worktrees.status(path) if path.exists() else None))
    parts.append(
        "Older orders are lifted where they say otherwise: do not wait for a verdict, an answer or a permission while a slot is "
        f"free. If nothing is left to try in {program.slug}, say so: `org send {lab.chief or HUMAN} …`."
    )
    return "\n\n".join(part for part in parts if part)


def _verdicts(con: sqlite3.Connection, agent: Agent) -> str:
    """Its own verdicts since it last proposed, or its last one."""
    decided = EXPERIMENTS.select(
        con, "WHERE author = ? AND decided_at IS NOT NULL ORDER BY decided_at DESC LIMIT ?", agent.name, SHOWN
    )
    return "Your last verdicts:\n" + "\n".join(map(_line, decided)) if decided else ""


def _line(experiment: Experiment) -> str:
    return f"- {experiment.id} {experiment.state.value}: {experiment.subject} ({experiment.reason or 'no reason'})"


def _ideas(con: sqlite3.Connection, slug: str) -> str:
    waiting = "WHERE state = 'open' AND (program IS NULL OR program = ?) ORDER BY id"
    found = IDEAS.select(con, waiting, slug)
    lines = [f"- {idea.id}: {idea.text}" for idea in found[:SHOWN]]
    return f"{len(found)} open in the backlog (`org idea`):\n" + "\n".join(lines) if lines else ""


def _work_of_chief(lab: Lab, now: datetime) -> str:
    """What lies with the chief alone: juniors without an open program."""
    con = lab.ledger.reader
    open_ones = {program.slug for program in programs.in_state(con, ProgramState.OPEN)}
    juniors = [a for a in AGENTS.select(con) if not a.role.startswith("chief") and a.state not in (State.STOPPED, State.PAUSED)]
    free = [a.name for a in juniors if a.program not in open_ones and a.backend != "human"]
    if not free:
        return ""
    known = ", ".join(sorted(open_ones)) or "none"
    return (
        f"{', '.join(free)} {'has' if len(free) == 1 else 'have'} no open program. Open programs: {known}. Assign each one "
        "(`org program assign SLUG AGENT`) or open another (`org program new FILE`). Older orders are lifted where they say "
        "otherwise: do not wait for a standup or an answer."
    )
