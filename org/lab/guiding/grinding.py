"""Agents that grind (verdict after verdict without a merge, always on the same recipe key or file) or loop (the same
refusal again and again) are told once, and so is their chief."""

import hashlib
import sqlite3
from collections import Counter
from datetime import datetime, timedelta

from org.lab import propose
from org.lab.lab import Lab
from org.lab.memory import footprints
from org.lab.spend import limits
from org.model.agent import Agent, Control, State
from org.model.experiment import IN_HEAD, VERDICTS, Experiment
from org.model.experiment import State as ExperimentState
from org.model.message import HUMAN, OFFICE, Kind
from org.store import agents, mail, rows
from org.store.tables import EVENTS, EXPERIMENTS, MESSAGES

ROW = 6  # verdicts without a merge on one surface
LOOKED_AT = 30  # of an agent's verdicts
NEW = timedelta(seconds=30)  # a verdict is looked at when it comes, not at every tick: footprints are read from a file
SAME = 3  # equal refusals since its last proposal
AN_HOUR = 10  # refusals of any kind


def step(lab: Lab, now: datetime) -> list[str]:
    """Tell whom it concerns; returns the agents that got a letter."""
    told = []
    for agent in agents.everyone(lab.ledger.reader):
        if agent.backend in limits.SELF_DRIVEN or agent.control is not Control.AGENT or agent.state is State.PAUSED:
            continue
        found = _grinds(lab, agent, now) or _loops(lab.ledger.reader, agent, now)
        if found is not None and _tell(lab, agent, *found, now):
            told.append(agent.name)
    return told


def _grinds(lab: Lab, agent: Agent, now: datetime) -> tuple[str, str, str] | None:
    """(id, subject, body) of what to say to an agent that stays on one surface."""
    row = _row(lab.ledger.reader, agent.name)
    if len(row) < ROW or row[0].decided_at is None or now - row[0].decided_at > NEW:
        return None
    prints = footprints.of(lab, row)
    surface, same = _common(row, {id: frozenset(p.surfaces) for id, p in prints.items()})
    if len(same) < ROW:
        return None
    listed = ", ".join(e.id for e in reversed(same))
    body = (
        f"{len(same)} verdicts in a row without a merge, all on {surface}: {listed}. More of the same will hardly pay. Leave "
        f"{surface} alone for now: another mechanism, an idea of the backlog (`org idea`), or an ablation; values are for a "
        "sweep, not for you. Older orders to go on there are lifted."
    )
    return f"grinding-{_digest(surface)}-{same[-1].id}", f"{agent.name} grinds on {surface}", body


def _row(con: sqlite3.Connection, author: str) -> list[Experiment]:
    """Its newest verdicts, newest first, back to the last that entered a head or still may."""
    marks = ", ".join("?" * len(VERDICTS))
    newest_first = "ORDER BY decided_at DESC, CAST(substr(id, 2) AS INTEGER) DESC LIMIT ?"
    tail = f"WHERE author = ? AND state IN ({marks}) AND decided_at IS NOT NULL {newest_first}"
    found = EXPERIMENTS.select(con, tail, author, *(s.value for s in VERDICTS), LOOKED_AT)
    ends = IN_HEAD | {ExperimentState.BETTER, ExperimentState.QUEUED}
    cut = next((i for i, e in enumerate(found) if e.state in ends), len(found))
    return found[:cut]


def _common(row: list[Experiment], surfaces: dict[str, frozenset[str]]) -> tuple[str, list[Experiment]]:
    """The surface that the longest unbroken stretch from the newest on shares, and that stretch."""
    best: tuple[str, list[Experiment]] = ("", [])
    for surface in sorted(surfaces.get(row[0].id, ())):
        stop = next((i for i, e in enumerate(row) if surface not in surfaces.get(e.id, ())), len(row))
        if stop > len(best[1]):
            best = surface, row[:stop]
    return best


def _loops(con: sqlite3.Connection, agent: Agent, now: datetime) -> tuple[str, str, str] | None:
    """(id, subject, body) of what to say to an agent that proposes what is refused."""
    last = EXPERIMENTS.select(con, "WHERE author = ? ORDER BY created_at DESC LIMIT 1", agent.name)
    tail = "WHERE subject = ? AND kind = ? AND at > ? ORDER BY id"
    since = max(now - timedelta(days=1), last[0].created_at) if last else now - timedelta(days=1)
    reasons = Counter(str(e.detail["reason"]) for e in EVENTS.select(con, tail, agent.name, propose.REFUSED, rows.encode(since)))
    reason, times = reasons.most_common(1)[0] if reasons else ("", 0)
    if times >= SAME:
        body = (
            f"The same proposal was refused {times} times: {reason}\n\nProposing it again changes nothing. Do what the refusal "
            "says, or leave it: `org next` starts a clean branch at your program's head."
        )
        return f"looping-{_digest(reason)}-{last[0].id if last else 'E0'}", f"{agent.name} repeats a refused proposal", body
    hour = EVENTS.select(con, tail, agent.name, propose.REFUSED, rows.encode(now - timedelta(hours=1)))
    if len(hour) <= AN_HOUR:
        return None
    body = (
        f"{len(hour)} proposals were refused within an hour; the last: {hour[-1].detail['reason']}\n\nRead the refusals before "
        "the next one: `org next`, then one committed change of an editable file that nobody has tried."
    )
    return f"refused-often-{now:%Y%m%d}", f"{agent.name} proposes what is refused", body


def _tell(lab: Lab, agent: Agent, id: str, subject: str, body: str, now: datetime) -> bool:
    """Once for each finding: the agent, and its chief or the person."""
    own = f"{id}-{agent.name}"
    if MESSAGES.find(lab.ledger.reader, own) is not None:
        return False
    above = lab.chief if lab.chief not in (None, agent.name) else HUMAN
    assert above is not None
    with lab.ledger.transaction() as tx:
        mail.post(tx, OFFICE, agent.name, Kind.NOTE, subject, body, now, id=own)
        mail.post(tx, OFFICE, above, Kind.NOTE, subject, body, now, id=f"{own}-{above}")
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
